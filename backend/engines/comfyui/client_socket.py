"""ComfyUI's WebSocket: one thread that only reads, because a slow reader would stall the server's other clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from backend.engines.comfyui.client_models import SocketMessage

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
