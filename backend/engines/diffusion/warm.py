"""Parent side: one child that stays warm between requests and ends by itself when idle."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.process import Process
from backend.errors import ProcessKilled
from backend.settings import Settings


class Warm:
    """`order`: what the child is started with, JSON. One request at a time; others wait their turn."""

    def __init__(self, module: str, order: dict[str, Any], settings: Settings) -> None:
        self._module, self._order, self._settings = module, order, settings
        self._busy = threading.Lock()
        self._child: Process | None = None
        self._count = 0

    def run(self, request: dict[str, Any]) -> Generator[dict[str, Any] | None, None, None]:
        """What the child says about `request`, None for each quiet second. Closing it ends the child.

        Raises what the child raised (`wire.unpack_error`), or why it ended.
        """
        while not self._busy.acquire(timeout=1.0):
            yield None
        try:
            yield from self._run(request)
        finally:
            self._busy.release()

    def unload(self) -> None:
        """Gives its memory back now."""
        with self._busy:
            self._end()

    def _run(self, request: dict[str, Any]) -> Generator[dict[str, Any] | None, None, None]:
        self._count += 1
        number, ended = self._count, False
        try:
            for message in self._ask(number, request):
                if message and "error" in message:
                    ended = message["error"] == "rejected"  # the others may have ended the child
                    raise ipc_codec.unpack_error(message)
                yield message
            ended = True
        finally:
            if not ended:
                self._end()

    def _ask(self, number: int, request: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The child's answer. A child that had gone idle, or was killed, before it began is started once more."""
        for last_try in (False, True):
            child, answered = self._warm(), False
            child.say({"id": number, "request": request})
            for message in child.said():
                if message and message.get("id") == number:
                    return
                answered = answered or message is not None
                yield message
            failure = child.failure()
            self._child = None
            if answered or last_try or not (failure.data["exit_code"] == 0 or isinstance(failure, ProcessKilled)):
                raise failure

    def _warm(self) -> Process:
        if self._child is None or not self._child.alive():
            self._end()
            self._child = Process(self._module, self._order, self._settings, nice=5)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.stop(grace_s=0.5)
            self._child = None
