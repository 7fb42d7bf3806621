"""Child side: the manners of a child process. Nothing but JSON lines on its standard output, errors as sentences."""

from __future__ import annotations

import io
import json
import os
import queue
import resource
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, TypeVar

from backend.engines.diffusion import ipc_codec
from backend.engines.events import Event, Progress
from backend.errors import EngineError, OutOfMemory

Model = TypeVar("Model")


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
        self.say(ipc_codec.pack(event))


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


def stay_warm(load: Callable[[dict[str, Any]], Model], answer: Callable[[Line, Model, dict[str, Any]], None]) -> None:
    """The life of a child that keeps one model: `python -m … SETTINGS`, JSON with at least `threads` and `idle_s`.

    Standard input has one JSON object a line; the first has the model loaded, each is answered. Ends after `idle_s` without
    one, when standard input closes, and when `guarded` says so.
    """
    settings = json.loads(sys.argv[1])
    line = Line()
    prepare(settings["threads"])
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    guarded(line, lambda: _serve(line, inbox, settings, load, answer))
    leave()


def _listen(inbox: queue.Queue[dict[str, Any] | None]) -> None:
    # Unbuffered: a thread waiting in a buffered read cannot be left behind at exit.
    for raw in io.FileIO(0, closefd=False):
        inbox.put(json.loads(raw))
    inbox.put(None)


def _serve(
    line: Line,
    inbox: queue.Queue[dict[str, Any] | None],
    settings: dict[str, Any],
    load: Callable[[dict[str, Any]], Model],
    answer: Callable[[Line, Model, dict[str, Any]], None],
) -> None:
    model: Model | None = None
    while True:
        try:
            message = inbox.get(timeout=settings["idle_s"])
        except queue.Empty:
            return
        if message is None:
            return
        if model is None:
            line.tell(Progress(0, 0, "loading"))
            model = load(settings)
        if not guarded(line, partial(answer, line, model, message)):
            return


def guarded(line: Line, work: Callable[[], None]) -> bool:
    """Runs `work`; whatever it raises is told as one error. False when the child should not go on.

    What breaks at its work is not “down”: that would be tried again, uncounted, for ever, and keep its card from others.
    """
    try:
        work()
    except EngineError as error:
        line.say(ipc_codec.pack_error(error))
    except Exception as error:
        if _memory(error):
            line.say(ipc_codec.pack_error(OutOfMemory("The engine ran out of memory. Choose a smaller size, batch or model.")))
            return False
        sys.excepthook(*sys.exc_info())
        said = f"The engine failed: {type(error).__name__}: {error}"[:500]
        line.say(ipc_codec.pack_error(EngineError(said)))
        return False
    return True


def _memory(error: BaseException) -> bool:
    """C code that gets no memory may also return without saying why: under a limit that is what it was."""
    silent = isinstance(error, SystemError) and "without exception set" in str(error)
    if silent and resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        return True
    return isinstance(error, MemoryError) or "allocate memory" in str(error) or "OutOfMemory" in type(error).__name__
