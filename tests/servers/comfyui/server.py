"""A whole server: its parts, its port, and what a test does to it from outside."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from tests.servers.comfyui.catalogue import Catalogue
from tests.servers.comfyui.execution import Worker
from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.folders import Folders
from tests.servers.comfyui.line import Line
from tests.servers.comfyui.routes import application
from tests.servers.comfyui.sockets import Sockets

NEW, OLD = "0.33.0", "0.3.64"


class Core:
    """What one start of the server holds in memory; gone at the next (§1 History: empty after restart, queue lost too)."""

    def __init__(self, folders: Folders, faults: Faults, version: str, absent: set[str]) -> None:
        self.folders, self.faults, self.version, self.old = folders, faults, version, version == OLD
        self.catalogue = Catalogue(folders, absent)
        self.sockets = Sockets(faults, lambda: self.line.remaining())
        self.line = Line(self.sockets.status)
        self.worker = Worker(self.line, self.sockets, self.catalogue, folders, faults, old=self.old)
        self.count = 0
        self.asked: list[str] = []
        self.max_upload = 100 * 1024 * 1024

    def system_stats(self) -> dict[str, Any]:
        """§1 Files: GET /system_stats."""
        memory = {"vram_total": 25_757_220_864, "vram_free": 24_000_000_000}
        torch = {"torch_vram_total": 0, "torch_vram_free": 0}
        card = {"name": "cuda:0 Faithful 4090 : cudaMallocAsync", "type": "cuda", "index": 0, **memory, **torch}
        system = {"comfyui_version": self.version, "ram_total": 2**34, "ram_free": 2**33, "os": "posix"}
        more = {"python_version": "3.11", "pytorch_version": "2.13.0", "embedded_python": False, "argv": ["main.py"]}
        return {"system": {**system, **more}, "devices": [card]}


class ComfyServer:
    """In a thread of this process; several at once. `root`: its folders, which outlive a restart.

    `faults` may be set at any time. `core`: what it holds in memory now, for looking at.
    """

    def __init__(self, root: Path, *, version: str = NEW, port: int = 0, absent: tuple[str, ...] = ()) -> None:
        self.folders, self.faults, self.version = Folders(root), Faults(), version
        self.absent = set(absent)
        self._port = port
        self.core = self._new_core()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def ran(self) -> list[str]:
        """Prompt ids that were executed since the start, in order."""
        return list(self.core.worker.ran)

    def start(self) -> None:
        """Answers when this returns; the same port as before."""
        # Named as TCP: asyncio turns Nagle's delay off only then.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        core = self.core

        @asynccontextmanager
        async def life(_: Any) -> AsyncIterator[None]:
            sending = core.sockets.start()
            yield
            sending.cancel()

        config = uvicorn.Config(
            application(core, life),
            log_level="critical",
            ws="websockets-sansio",
            ws_ping_interval=None,
            ws_max_size=2**24,
            timeout_graceful_shutdown=0,
            lifespan="on",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, args=[self._server, listening], daemon=True, name="comfyui")
        core.worker.start()
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)

    @staticmethod
    def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
        asyncio.run(server.serve(sockets=[listening]))
        listening.close()

    def stop(self) -> None:
        """As a killed process: connections are cut, what ran and waited is forgotten."""
        if self._server is None or self._thread is None:
            return
        self.core.line.close()
        if self.faults.hold:
            self.faults.hold.set()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)
        self._server = self._thread = None
        self.core = self._new_core()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _new_core(self) -> Core:
        return Core(self.folders, self.faults, self.version, self.absent)
