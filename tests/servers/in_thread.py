"""Serves an ASGI app on a local port, in a thread of this process: the base of all servers for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import uvicorn

_PATIENCE_S = 20


class ThreadedServer:
    """`port` 0: any that is free; it stays the same when it is started again."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name, self.port = name, port
        self._running: tuple[uvicorn.Server, threading.Thread] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def up(self) -> bool:
        return self._running is not None

    def _bind(self) -> socket.socket:
        # Named as TCP: asyncio turns Nagle's delay off only then.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        return listening

    def start(self, app: Any, **options: Any) -> None:
        """Returns when it answers. `options` are uvicorn's."""
        listening = self._bind()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0, **options))
        thread = threading.Thread(target=_serve, args=[server, listening], daemon=True, name=self.name)
        self._running = server, thread
        thread.start()
        until = time.monotonic() + _PATIENCE_S
        while not server.started:
            if time.monotonic() > until or not thread.is_alive():
                raise RuntimeError(f"the {self.name} server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stops like a killed process: connections are cut. Harmless when it does not run."""
        if self._running:
            server, thread = self._running
            self._running = None
            server.should_exit = server.force_exit = True
            thread.join(_PATIENCE_S)


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listening]))
    listening.close()
