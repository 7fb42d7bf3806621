"""uvicorn's server, which costs nothing while nobody asks: uvicorn's own wakes up ten times a second to see whether it is to
stop, which is half a percent of a core for each server that is idle."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import FrameType

import uvicorn

_TICK_S = 1.0
"""How often answers get a new date."""


class IdleServer(uvicorn.Server):
    """Stops at once when it is asked to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._wake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    async def main_loop(self) -> None:
        stop_asked = asyncio.Event()
        self._wake = asyncio.get_running_loop(), stop_asked
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(stop_asked.wait(), _TICK_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.wake()

    def wake(self) -> None:
        """Lets it see at once that `should_exit` was set. May be called from any thread, and before it serves."""
        if self._wake is not None:
            loop, stop_asked = self._wake
            loop.call_soon_threadsafe(stop_asked.set)


def run(server: uvicorn.Server) -> None:
    """Serves until it is asked to stop. Raises SystemExit(3) where it cannot start, as uvicorn's own program."""
    with suppress(KeyboardInterrupt):  # what uvicorn raises again behind an orderly end
        server.run()
    if not server.started:
        raise SystemExit(3)
