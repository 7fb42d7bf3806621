"""ComfyUI's HTTP API and socket, typed. Measured on 0.3.64 and 0.33.0: docs/contracts/comfyui.md."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from backend.engines.comfyui.client_models import HistoryEntry, QueuedPrompt, QueueState, ResultFile, SocketMessage

CONNECT_S, READ_S, FILE_S = 3.0, 10.0, 60.0


class ComfyUnreachable(Exception):
    """The server gave no usable answer. `sent`: the request may have reached the server and been carried out."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class ComfyRefused(Exception):
    """The server refused the request (4xx). `kind` and `details` are its own text: for logs only, they name its paths."""

    def __init__(self, status: int, kind: str, details: str, node_errors: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {kind} {details}".strip())
        self.status, self.kind, self.details = status, kind, details
        self.node_errors, self.extra = dict(node_errors), dict(extra)


class ComfyClient:
    """One server. Thread-safe. Every call raises ComfyUnreachable, and ComfyRefused where the server refuses."""

    def __init__(self, url: str, *, read_s: float = READ_S, connect_s: float = CONNECT_S) -> None:
        self.url = url
        timeout = httpx.Timeout(read_s, connect=connect_s)
        # No Origin header and no proxy: the server refuses foreign origins, and it is on the local network.
        self._http = httpx.Client(base_url=url, timeout=timeout, trust_env=False)
        self._has_jobs_api = True

    def close(self) -> None:
        self._http.close()

    def prompt(self, graph: Mapping[str, Any], *, prompt_id: str, client_id: str, extra: Mapping[str, Any]) -> QueuedPrompt:
        """Queues one graph under our own id (uuid4).

        Not idempotent: after ComfyUnreachable with `sent`, check before resending.
        """
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id, "extra_data": extra}
        response = self._json("POST", "/prompt", json=body)
        return QueuedPrompt(str(response.get("prompt_id", prompt_id)), response.get("node_errors") or {})

    def history_entry(self, prompt_id: str) -> HistoryEntry | None:
        """The history entry of a finished prompt.

        None: unknown, waiting, running, deleted or lost by a restart; the server does not tell these apart.
        """
        entry = self._json("GET", f"/history/{prompt_id}").get(prompt_id)
        return HistoryEntry.read(entry) if entry else None

    def queue(self) -> QueueState:
        return QueueState.read(self._json("GET", "/queue"))

    def count_queued(self) -> int:
        """Prompts that run or wait."""
        return int(self._json("GET", "/prompt").get("exec_info", {}).get("queue_remaining", 0))

    def cancel(self, prompt_id: str) -> None:
        """Cancels a waiting or running prompt; any other is left alone.

        Servers without /api/jobs need two calls, because the prompt may be in the queue or running.
        """
        if self._has_jobs_api:
            try:
                self._json("POST", f"/api/jobs/{prompt_id}/cancel", json={})
                return
            except ComfyRefused as error:
                if error.status not in {404, 405}:
                    raise
                self._has_jobs_api = False
        self._request("POST", "/queue", json={"delete": [prompt_id]})
        self._request("POST", "/interrupt", json={"prompt_id": prompt_id})

    def upload(self, path: Path, *, name: str, subfolder: str) -> str:
        """The name under which nodes find the file; the server may choose another one than `name`."""
        with path.open("rb") as file:
            form = {"type": "input", "subfolder": subfolder}
            files = {"image": (name, file, "application/octet-stream")}
            stored = self._json("POST", "/upload/image", data=form, files=files, timeout=FILE_S)
        folder = str(stored.get("subfolder", ""))
        return f"{folder}/{stored['name']}" if folder else str(stored["name"])

    def fetch(self, file: ResultFile, target: Path) -> None:
        """Writes the result's bytes to `target`.

        ComfyRefused with status 404 when the file is gone although its prompt succeeded.
        """
        query = {"filename": file.name, "subfolder": file.subfolder, "type": file.kind}
        with _translate_errors(), self._http.stream("GET", "/view", params=query, timeout=FILE_S) as response:
            if response.status_code != httpx.codes.OK:
                response.read()
            _check(response)
            with target.open("wb") as out:
                for chunk in response.iter_bytes(1 << 20):
                    out.write(chunk)

    def object_info(self, name: str) -> dict[str, Any]:
        """The description of one node class; {} when it is not installed."""
        description = self._json("GET", f"/object_info/{name}").get(name)
        return description if isinstance(description, dict) else {}

    def models(self, kind: str) -> list[str]:
        """File names relative to the models folder `kind`; empty for a folder the server does not know."""
        try:
            return [str(name) for name in self._request("GET", f"/models/{kind}").json()]
        except ComfyRefused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return []
            raise

    def metadata(self, kind: str, name: str) -> dict[str, str]:
        """The metadata in a safetensors header; {} when there is none."""
        try:
            metadata = self._json("GET", f"/view_metadata/{kind}", params={"filename": name})
        except ComfyRefused:
            return {}
        return {str(key): str(value) for key, value in metadata.items()}

    def system_stats(self) -> dict[str, Any]:
        """GET /system_stats: an object with `system` and `devices`."""
        return self._json("GET", "/system_stats")

    def free(self) -> None:
        """Unloads models from the device's memory, once the running prompt has ended."""
        self._request("POST", "/free", json={"unload_models": True, "free_memory": True})

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self._request(method, path, **options)
        try:
            body = response.json()
        except ValueError as error:
            raise ComfyUnreachable(f"{path} answered something else than ComfyUI does", sent=True) from error
        return body if isinstance(body, dict) else {}

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _translate_errors():
            return _check(self._http.request(method, path, **options))


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ComfyUnreachable(str(error) or type(error).__name__, sent=False) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ComfyUnreachable(str(error) or type(error).__name__, sent=True) from error


def _check(response: httpx.Response) -> httpx.Response:
    if response.status_code >= 500:
        raise ComfyUnreachable(f"it answered {response.status_code}", sent=True)
    if response.status_code >= 400:
        try:
            body = response.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        error: dict[str, Any] = raw_error if isinstance(raw_error := body.get("error"), dict) else {}
        extra = error.get("extra_info") or {}
        details = f"{error.get('message', '')} {error.get('details', '')}".strip()
        raise ComfyRefused(response.status_code, str(error.get("type", "")), details, body.get("node_errors") or {}, extra)
    return response


log = structlog.get_logger(__name__)
OPEN_S, RECV_S, CLOSE_S = 5.0, 1.0, 2.0
RECONNECT_DELAYS_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_FEATURES = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})


class ComfySocket:
    """Reads until `close`, reconnecting when the connection ends. `on_message` is called from its thread.

    The old connection is fully closed before the next one opens: of two connections with one client id the server drops the
    newer one.
    """

    def __init__(self, url: str, client_id: str, on_message: Callable[[SocketMessage], None]) -> None:
        self._address = f"ws{url.removeprefix('http')}/ws?clientId={client_id}"
        self._url, self._on_message = url, on_message
        self._closing, self._connected = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="comfyui-socket", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    def wait_connected(self, seconds: float) -> bool:
        return self._connected.wait(seconds)

    def close(self) -> None:
        """The connection is closed when this returns."""
        self._closing.set()
        self._thread.join(OPEN_S + RECV_S + CLOSE_S)

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                with connect(
                    self._address,
                    compression=None,
                    proxy=None,
                    open_timeout=OPEN_S,
                    close_timeout=CLOSE_S,
                    max_size=None,
                    max_queue=None,
                ) as connection:
                    failures = 0
                    self._read(connection)
            except (OSError, WebSocketException, EOFError) as error:
                log.debug("no socket to ComfyUI", server=urlsplit(self._url).netloc.rpartition("@")[2], error=str(error))
            finally:
                self._connected.clear()
            self._closing.wait(RECONNECT_DELAYS_S[min(failures, len(RECONNECT_DELAYS_S) - 1)])
            failures += 1

    def _read(self, connection: ClientConnection) -> None:
        connection.send(_FEATURES)
        self._connected.set()
        self._on_message(SocketMessage("connected"))
        while not self._closing.is_set():
            try:
                raw = connection.recv(timeout=RECV_S)
            except TimeoutError:
                continue
            if message := SocketMessage.read(raw):
                self._on_message(message)
