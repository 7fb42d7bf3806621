"""The WebSocket half: one thread that does nothing but read, so that this client never stalls the server's others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from backend.engines.comfyui.client_models import Message

log = structlog.get_logger(__name__)
OPEN_S, RECV_S, CLOSE_S = 5.0, 1.0, 2.0
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_FEATURES = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})


class Socket:
    """Reads until `close`, connecting again when the connection ends. `hear` is called from its thread.

    The old connection is closed wholly before the next one opens: the server forgets the newer of two with one name.
    """

    def __init__(self, url: str, client_id: str, hear: Callable[[Message], None]) -> None:
        self._address = f"ws{url.removeprefix('http')}/ws?clientId={client_id}"
        self._url, self._hear = url, hear
        self._end, self._up = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="comfyui-socket", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        return self._up.is_set()

    def wait_up(self, seconds: float) -> bool:
        return self._up.wait(seconds)

    def close(self) -> None:
        """The connection is closed when this returns."""
        self._end.set()
        self._thread.join(OPEN_S + RECV_S + CLOSE_S)

    def _run(self) -> None:
        failed = 0
        while not self._end.is_set():
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
                    failed = 0
                    self._read(connection)
            except (OSError, WebSocketException, EOFError) as error:
                log.debug("no socket to ComfyUI", server=urlsplit(self._url).netloc.rpartition("@")[2], error=str(error))
            finally:
                self._up.clear()
            self._end.wait(PAUSES_S[min(failed, len(PAUSES_S) - 1)])
            failed += 1

    def _read(self, connection: ClientConnection) -> None:
        connection.send(_FEATURES)
        self._up.set()
        self._hear(Message("connected"))
        while not self._end.is_set():
            try:
                raw = connection.recv(timeout=RECV_S)
            except TimeoutError:
                continue
            if message := Message.read(raw):
                self._hear(message)
