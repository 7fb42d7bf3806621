"""Parent side of engines in child processes: a child with JSON lines, and one that keeps its model between requests."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from importlib import metadata, util
from typing import Any

from backend.engines.local.torch_host import ipc_codec
from backend.errors import EngineError, OutOfMemory, ProcessKilled, Rejected, StudioError, Unsupported
from backend.kit import child
from backend.language import tr_lazy
from backend.settings import ROOT, Settings

_MEMORY_SIGNS = (
    "cannot allocate memory",
    "can't allocate memory",
    "memoryerror",
    "bad_alloc",
    "failed to map segment",
    "out of memory",
)
_SIGKILL = -9
CLOSING_S = 5.0
KILLED_MESSAGE = tr_lazy("The engine's process was ended from outside. It is started again.")


class EngineProcess:
    """One child with JSON lines in both directions. `messages()` ends when the child closes its output."""

    def __init__(self, module: str, argument: Any, settings: Settings, *, nice: int = 0) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the child
        self.proc = child.spawn(
            [sys.executable, "-m", module, json.dumps(argument)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            memory_mb=settings.engines.local.memory_mb,
            nice=nice,
        )
        self._lines = child.json_lines(self.proc, on_other=lambda line: None)

    def send(self, message: dict[str, Any]) -> bool:
        """Sends one message. False when the child has ended."""
        assert self.proc.stdin is not None
        try:
            view = memoryview(json.dumps(message).encode() + b"\n")
            while view:
                view = view[self.proc.stdin.write(view) :]
        except (BrokenPipeError, ValueError):
            return False
        return True

    def messages(self) -> Iterator[dict[str, Any] | None]:
        """The child's messages, None for each second without one."""
        return self._lines

    def alive(self) -> bool:
        return self.proc.poll() is None

    def stop(self, grace_s: float = 5.0) -> int:
        """Ends the child; may be called twice. Its exit code."""
        with suppress(BrokenPipeError):
            child.stop(self.proc, grace_s=grace_s)
        self._errors.close()
        return self.proc.wait()

    def failure(self) -> StudioError:
        """The error for a child that ended without reporting one. Stops what is left of it.

        SIGKILL counts as lack of memory only if the system reports that: anybody may have sent it.
        """
        killed = child.killed(self.proc, wait_s=CLOSING_S)
        killed_for_memory = self.proc.returncode == _SIGKILL and not killed
        self._errors.seek(0)
        text = self._errors.read()[-8000:].decode(errors="replace")
        code = self.stop()
        if killed_for_memory or any(sign in text.lower() for sign in _MEMORY_SIGNS):
            return OutOfMemory(tr_lazy("The engine ran out of memory. Choose a smaller size, batch or model."), exit_code=code)
        if killed:
            return ProcessKilled(KILLED_MESSAGE, exit_code=code)
        last_line = next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
        return EngineError(
            tr_lazy("The engine's process ended unexpectedly (code {code}): {last_line}", code=code, last_line=last_line[:300]),
            exit_code=code,
        )


def missing_libraries(names: Sequence[str] = ("torch", "diffusers", "transformers", "peft")) -> list[str]:
    """Which of the local engines' libraries are not installed; imports none of them."""
    return [name for name in names if util.find_spec(name) is None]


def library_versions() -> str:
    """`torch 2.x, diffusers 0.x` from the installed packages' metadata."""
    return ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "diffusers"))


_REFUSALS = (Rejected.code, Unsupported.code)
"""Said of a request. The child keeps its model, and takes the next one."""


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
                    ended = message["error"] in _REFUSALS  # after other errors the child may have ended itself
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
