"""Child side: the protocol of engine children. Only JSON lines on standard output, errors as sentences."""

from __future__ import annotations

import io
import json
import os
import queue
import resource
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, TypeVar

from backend.engines.local.torch_host import ipc_codec
from backend.engines.ports.events import Event, Progress
from backend.errors import DiskFull, EngineError, OutOfMemory
from backend.kit import disk
from backend.language import tr_lazy

Model = TypeVar("Model")


class ParentPipe:
    """Writes JSON lines to the parent. What libraries print to standard output goes to standard error instead."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        sys.stdout = sys.stderr = BestEffortStderr()

    def send(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def send_event(self, event: Event) -> None:
        self.send(ipc_codec.pack(event))


class BestEffortStderr(io.TextIOBase):
    """Standard error that drops what it cannot write.

    It is a file of the parent. On a full disk a library's progress bar would otherwise raise in the middle of loading a model,
    and the model be called broken.
    """

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with suppress(OSError):
            os.write(2, text.encode(errors="replace"))
        return len(text)

    def fileno(self) -> int:
        return 2


def prepare_environment(threads: int) -> None:
    """Sets environment variables before torch is imported: thread count, no network, no progress bars."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}
    os.environ |= {"DIFFUSERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    # With active (spinning) waits torch gets 10 times slower as soon as another process needs a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)


def exit_now(code: int = 0) -> NoReturn:
    """Ends the process at once: an orderly shutdown of torch takes seconds and frees nothing the system would not."""
    sys.stderr.flush()
    os._exit(code)


def serve_warm(load: Callable[[dict[str, Any]], Model], answer: Callable[[ParentPipe, Model, dict[str, Any]], None]) -> None:
    """Main loop of a child that keeps one model: `python -m … SETTINGS`, JSON with at least `threads` and `idle_s`.

    Standard input has one JSON object per line; the model is loaded at the first one. Ends after `idle_s` without a request,
    when standard input closes, and when `report_errors` returns False.
    """
    settings = json.loads(sys.argv[1])
    pipe = ParentPipe()
    prepare_environment(settings["threads"])
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read_input, args=(inbox,), daemon=True).start()
    report_errors(pipe, lambda: _serve(pipe, inbox, settings, load, answer))
    exit_now()


def _read_input(inbox: queue.Queue[dict[str, Any] | None]) -> None:
    # Unbuffered: a thread blocked in a buffered read would hold its lock and hang the interpreter's exit.
    for line in io.FileIO(0, closefd=False):
        inbox.put(json.loads(line))
    inbox.put(None)


def _serve(
    pipe: ParentPipe,
    inbox: queue.Queue[dict[str, Any] | None],
    settings: dict[str, Any],
    load: Callable[[dict[str, Any]], Model],
    answer: Callable[[ParentPipe, Model, dict[str, Any]], None],
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
            pipe.send_event(Progress(0, 0, tr_lazy("loading")))
            model = load(settings)
        if not report_errors(pipe, partial(answer, pipe, model, message)):
            return


def report_errors(pipe: ParentPipe, work: Callable[[], None]) -> bool:
    """Runs `work` and reports an exception as one error message. False when the child should end.

    Unexpected errors become EngineError, not EngineUnavailable: that one is retried without limit and would block the device.
    """
    try:
        work()
    except EngineError as error:
        pipe.send(ipc_codec.pack_error(error))
    except Exception as error:
        if disk.caused_by_full(error):
            pipe.send(ipc_codec.pack_error(DiskFull(disk.FULL)))
            return False
        if _is_out_of_memory(error):
            pipe.send(
                ipc_codec.pack_error(
                    OutOfMemory(tr_lazy("The engine ran out of memory. Choose a smaller size, batch or model."))
                )
            )
            return False
        sys.excepthook(*sys.exc_info())
        message = f"The engine failed: {type(error).__name__}: {error}"[:500]
        pipe.send(ipc_codec.pack_error(EngineError(message)))
        return False
    return True


_NO_REASON = ("without exception set", "without setting an exception")
"""How CPython says that a call failed and left no exception."""


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` means lack of memory. C code that fails to allocate may raise a SystemError without a reason."""
    without_reason = isinstance(error, SystemError) and any(words in str(error) for words in _NO_REASON)
    if without_reason and resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        return True
    return isinstance(error, MemoryError) or "allocate memory" in str(error) or "OutOfMemory" in type(error).__name__
