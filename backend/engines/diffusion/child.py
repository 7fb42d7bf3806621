"""Child side: the manners of a child process. Nothing but JSON lines on its standard output, errors as sentences."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from backend.engines.diffusion import wire
from backend.engines.events import Event
from backend.errors import EngineError, OutOfMemory


class Line:
    """The way to the parent. Everything that libraries print goes to standard error instead."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._guard = threading.Lock()
        os.dup2(2, 1)

    def say(self, message: dict[str, Any]) -> None:
        with self._guard:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def tell(self, event: Event) -> None:
        self.say(wire.pack(event))


def prepare(threads: int) -> None:
    """Before torch is imported: thread count, no network, no chatter."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}
    os.environ |= {"DIFFUSERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    # Threads that wait spinning make everything 10 times slower as soon as another process wants a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)


def leave(code: int = 0) -> NoReturn:
    """Ends the process now: taking torch apart in order takes seconds and frees nothing that the system would not."""
    sys.stderr.flush()
    os._exit(code)


def guarded(line: Line, work: Callable[[], None]) -> bool:
    """Runs `work`; whatever it raises is told as one error. False when the child should not go on.

    What breaks at its work is not “down”: that would be tried again, uncounted, for ever, and keep its card from others.
    """
    try:
        work()
    except EngineError as error:
        line.say(wire.pack_error(error))
    except Exception as error:
        if _memory(error):
            line.say(wire.pack_error(OutOfMemory("The engine ran out of memory. Choose a smaller size, batch or model.")))
            return False
        sys.excepthook(*sys.exc_info())
        said = f"The engine failed: {type(error).__name__}: {error}"[:500]
        line.say(wire.pack_error(EngineError(said)))
        return False
    return True


def _memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "allocate memory" in str(error) or "OutOfMemory" in type(error).__name__
