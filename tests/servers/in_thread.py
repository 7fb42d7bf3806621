"""Serves an ASGI app on a local port, in a thread of this process: the base of all servers for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn

from backend.kit import asgi_server

_PATIENCE_S = 20
_FLUSH_S = 0.1


class _PromptServer(asgi_server.IdleServer):
    """Ends as soon as it is told to: uvicorn waits for another tenth of a second then, with hundreds of tests that start
    servers minutes."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    def end(self) -> None:
        """May be called from any thread, once it `answers`."""
        self.should_exit = self.force_exit = True
        self.wake()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self.answers.set)  # once `wake` can reach it
        await super().main_loop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.tasks:  # requests that are being answered
            await super().shutdown(sockets)
            return
        for listening in (*self.servers, *(sockets or [])):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        give_up_at = self._loop.time() + _FLUSH_S
        while self.server_state.connections and self._loop.time() < give_up_at:
            await asyncio.sleep(0.005)


class ThreadedServer:
    """`port` 0: any that is free; it stays the same when it is started again."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name, self.port = name, port
        self._running: tuple[_PromptServer, threading.Thread] | None = None

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
        server = _PromptServer(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0, **options))
        thread = threading.Thread(target=_serve, args=[server, listening], daemon=True, name=self.name)
        self._running = server, thread
        thread.start()
        if not server.answers.wait(_PATIENCE_S):
            raise RuntimeError(f"the {self.name} server did not start")

    def stop(self) -> None:
        """Stops like a killed process: connections are cut. Harmless when it does not run."""
        if self._running:
            server, thread = self._running
            self._running = None
            server.end()
            thread.join(_PATIENCE_S)


def _serve(server: _PromptServer, listening: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listening]))
    listening.close()
