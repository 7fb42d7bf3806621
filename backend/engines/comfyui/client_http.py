"""The HTTP half. Nothing is sent twice: a prompt that may have arrived is looked for by whoever asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from backend.engines.comfyui.client_models import Accepted, Entry, File, Line

CONNECT_S, READ_S, FILE_S = 3.0, 10.0, 60.0


class Away(Exception):
    """No answer that means anything. `sent`: the request may have reached the server and been done."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Refusal(Exception):
    """The server said no: 4xx. `kind`, `details`: its words, for logs only (they name its paths)."""

    def __init__(self, status: int, kind: str, details: str, node_errors: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {kind} {details}".strip())
        self.status, self.kind, self.details = status, kind, details
        self.node_errors, self.extra = dict(node_errors), dict(extra)


class Client:
    """One server. Thread-safe. Every call raises Away, and Refusal where the server refuses."""

    def __init__(self, url: str, *, read_s: float = READ_S, connect_s: float = CONNECT_S) -> None:
        self.url = url
        timeout = httpx.Timeout(read_s, connect=connect_s)
        # Neither Origin nor proxies: the server refuses strangers' origins, and it stands on this network.
        self._http = httpx.Client(base_url=url, timeout=timeout, trust_env=False)
        self._has_jobs = True

    def close(self) -> None:
        self._http.close()

    def prompt(self, graph: Mapping[str, Any], *, prompt_id: str, client_id: str, extra: Mapping[str, Any]) -> Accepted:
        """Queues one graph under our own id (uuid4). It is not idempotent: after Away with `sent`, look before asking again."""
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id, "extra_data": extra}
        said = self._json("POST", "/prompt", json=body)
        return Accepted(str(said.get("prompt_id", prompt_id)), said.get("node_errors") or {})

    def entry(self, prompt_id: str) -> Entry | None:
        """None: unknown, waiting, running, deleted or lost by a restart; the server does not tell these apart."""
        said = self._json("GET", f"/history/{prompt_id}").get(prompt_id)
        return Entry.read(said) if said else None

    def line(self) -> Line:
        return Line.read(self._json("GET", "/queue"))

    def remaining(self) -> int:
        """Prompts that run or wait."""
        return int(self._json("GET", "/prompt").get("exec_info", {}).get("queue_remaining", 0))

    def cancel(self, prompt_id: str) -> None:
        """Waiting or running; one that is neither is left alone. Older servers are told twice, for it may be either."""
        if self._has_jobs:
            try:
                self._json("POST", f"/api/jobs/{prompt_id}/cancel", json={})
                return
            except Refusal as refused:
                if refused.status not in {404, 405}:
                    raise
                self._has_jobs = False
        self._ask("POST", "/queue", json={"delete": [prompt_id]})
        self._ask("POST", "/interrupt", json={"prompt_id": prompt_id})

    def upload(self, path: Path, *, name: str, subfolder: str) -> str:
        """The name under which nodes find it: not always the one that was asked for."""
        with path.open("rb") as file:
            form = {"type": "input", "subfolder": subfolder}
            files = {"image": (name, file, "application/octet-stream")}
            said = self._json("POST", "/upload/image", data=form, files=files, timeout=FILE_S)
        folder = str(said.get("subfolder", ""))
        return f"{folder}/{said['name']}" if folder else str(said["name"])

    def fetch(self, file: File, target: Path) -> None:
        """Writes the result's bytes. Refusal 404 when the file is gone although its prompt succeeded."""
        query = {"filename": file.name, "subfolder": file.subfolder, "type": file.kind}
        with _told(), self._http.stream("GET", "/view", params=query, timeout=FILE_S) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
            _check(answer)
            with target.open("wb") as out:
                for part in answer.iter_bytes(1 << 20):
                    out.write(part)

    def object_info(self, name: str) -> dict[str, Any]:
        """One class's description; {} when it is not installed."""
        found = self._json("GET", f"/object_info/{name}").get(name)
        return found if isinstance(found, dict) else {}

    def models(self, kind: str) -> list[str]:
        """Relative names. A kind of folder this server does not know has none."""
        try:
            return [str(name) for name in self._ask("GET", f"/models/{kind}").json()]
        except Refusal as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return []
            raise

    def metadata(self, kind: str, name: str) -> dict[str, str]:
        """What a safetensors header says of itself; {} when nothing."""
        try:
            said = self._json("GET", f"/view_metadata/{kind}", params={"filename": name})
        except Refusal:
            return {}
        return {str(key): str(value) for key, value in said.items()}

    def stats(self) -> dict[str, Any]:
        """`system` and `devices`."""
        return self._json("GET", "/system_stats")

    def free(self) -> None:
        """Models leave the card's memory, after the prompt that runs."""
        self._ask("POST", "/free", json={"unload_models": True, "free_memory": True})

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self._ask(method, path, **more)
        try:
            said = answer.json()
        except ValueError as broken:
            raise Away(f"{path} answered something else than ComfyUI does", sent=True) from broken
        return said if isinstance(said, dict) else {}

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        with _told():
            return _check(self._http.request(method, path, **more))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Away(str(error) or type(error).__name__, sent=False) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Away(str(error) or type(error).__name__, sent=True) from error


def _check(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 500:
        raise Away(f"it answered {answer.status_code}", sent=True)
    if answer.status_code >= 400:
        try:
            said = answer.json()
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        error: dict[str, Any] = found if isinstance(found := said.get("error"), dict) else {}
        extra = error.get("extra_info") or {}
        details = f"{error.get('message', '')} {error.get('details', '')}".strip()
        raise Refusal(answer.status_code, str(error.get("type", "")), details, said.get("node_errors") or {}, extra)
    return answer
