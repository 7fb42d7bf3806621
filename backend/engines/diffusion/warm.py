"""Parent side: one child that keeps its model between requests and ends by itself when idle."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.process import EngineProcess
from backend.errors import ProcessKilled
from backend.settings import Settings


class WarmChild:
    """`child_settings`: the child's settings, as JSON. One request at a time; others wait."""

    def __init__(self, module: str, child_settings: dict[str, Any], settings: Settings) -> None:
        self._module, self._child_settings, self._settings = module, child_settings, settings
        self._busy = threading.Lock()
        self._child: EngineProcess | None = None
        self._count = 0

    def run(self, request: dict[str, Any]) -> Generator[dict[str, Any] | None, None, None]:
        """The child's messages about `request`, None for each second without one. Closing ends the child.

        Raises the error the child reported, or why it ended.
        """
        while not self._busy.acquire(timeout=1.0):
            yield None
        try:
            yield from self._run(request)
        finally:
            self._busy.release()

    def unload(self) -> None:
        """Ends the child, which frees its memory."""
        with self._busy:
            self._end()

    def _run(self, request: dict[str, Any]) -> Generator[dict[str, Any] | None, None, None]:
        self._count += 1
        number, ended = self._count, False
        try:
            for message in self._ask(number, request):
                if message and "error" in message:
                    ended = message["error"] == "rejected"  # after other errors the child may have ended itself
                    raise ipc_codec.unpack_error(message)
                yield message
            ended = True
        finally:
            if not ended:
                self._end()

    def _ask(self, number: int, request: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The child's messages about one request. A child that ended or was killed before it began is restarted once."""
        for last_try in (False, True):
            child, answered = self._ensure_child(), False
            child.send({"id": number, "request": request})
            for message in child.messages():
                if message and message.get("id") == number:
                    return
                answered = answered or message is not None
                yield message
            failure = child.failure()
            self._child = None
            if answered or last_try or not (failure.data["exit_code"] == 0 or isinstance(failure, ProcessKilled)):
                raise failure

    def _ensure_child(self) -> EngineProcess:
        if self._child is None or not self._child.alive():
            self._end()
            self._child = EngineProcess(self._module, self._child_settings, self._settings, nice=5)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.stop(grace_s=0.5)
            self._child = None
