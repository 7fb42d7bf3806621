"""A whole server: its parts, its port, and what a test does to it from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.servers.comfyui.catalogue import Catalogue
from tests.servers.comfyui.execution import Worker
from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.folders import Folders
from tests.servers.comfyui.line import PromptQueue
from tests.servers.comfyui.routes import application
from tests.servers.comfyui.sockets import Sockets
from tests.servers.in_thread import ThreadedServer

NEW, OLD = "0.33.0", "0.3.64"


class Core:
    """What one start of the server holds in memory; gone at the next (comfyui.md, 4: empty after restart, queue lost too)."""

    def __init__(self, folders: Folders, faults: Faults, version: str, absent: set[str]) -> None:
        self.folders, self.faults, self.version, self.old = folders, faults, version, version == OLD
        self.catalogue = Catalogue(folders, absent)
        self.sockets = Sockets(faults, lambda: self.line.remaining())
        self.line = PromptQueue(self.sockets.status)
        self.worker = Worker(self.line, self.sockets, self.catalogue, folders, faults, old=self.old)
        self.count = 0
        self.asked: list[str] = []
        self.max_upload = 100 * 1024 * 1024

    def system_stats(self) -> dict[str, Any]:
        """comfyui.md, 7: GET /system_stats."""
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
        self._running = ThreadedServer("comfyui", port)
        self.core = self._new_core()

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self._running.url

    @property
    def ran(self) -> list[str]:
        """Prompt ids that were executed since the start, in order."""
        return list(self.core.worker.ran)

    def start(self) -> None:
        """Answers when this returns; the same port as before."""
        core = self.core

        @asynccontextmanager
        async def life(_: Any) -> AsyncIterator[None]:
            sending = core.sockets.start()
            yield
            sending.cancel()

        core.worker.start()
        self._running.start(
            application(core, life), lifespan="on", ws="websockets-sansio", ws_ping_interval=None, ws_max_size=2**24
        )

    def stop(self) -> None:
        """As a killed process: connections are cut, what ran and waited is forgotten."""
        if not self._running.up:
            return
        self.core.line.close()
        if self.faults.hold:
            self.faults.hold.set()
        self._running.stop()
        self.core = self._new_core()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _new_core(self) -> Core:
        return Core(self.folders, self.faults, self.version, self.absent)
