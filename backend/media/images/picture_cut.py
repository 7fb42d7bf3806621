"""Cuts training pictures to their crops, with masks as alpha. Pictures are decoded in child processes only."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from backend.errors import Invalid
from backend.kit import child
from backend.language import tr_lazy

ROOT = Path(__file__).resolve().parents[3]
_CHILD_MEMORY_MB = 4096
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class PictureCut:
    """`crop`: x, y, width, height in px; None: all of it. `mask`: path of the mask of the whole picture, white where it is
    learned; "": none. `longest`: limit of the longer side in px, 0: none.

    `out`: path without suffix, in an existing folder. Written as PNG with alpha when there is a mask, as JPEG for a JPEG or
    with `longest`, else as PNG.
    """

    path: str
    out: str
    crop: tuple[int, int, int, int] | None
    mask: str
    longest: int = 0


class Cutter:
    """Keeps `processes` children running. Use as a context manager."""

    def __init__(self, *, processes: int = 2) -> None:
        self._idle: SimpleQueue[child.Child | None] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._processes = processes
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="cut")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for _ in range(self._processes):
            if (proc := self._idle.get()) is not None:
                child.stop(proc, grace_s=0.5)

    def submit(self, request: PictureCut) -> Future[Path]:
        """Future of the written path, with its suffix. The future raises Invalid with the reason."""
        return self._threads.submit(self._cut, request)

    def _cut(self, request: PictureCut) -> Path:
        proc = self._idle.get()
        try:
            for last_try in (False, True):
                proc = proc if proc is not None and proc.poll() is None else _start()
                answer = _ask(proc, request)
                if answer is not None:
                    break
                killed = child.killed(proc)  # from outside: that says nothing about the picture
                child.stop(proc, grace_s=0)
                if not killed or last_try:
                    answer = {"reason": tr_lazy("opening it needs too much memory or time")}
                    break
        finally:
            self._idle.put(proc)
        assert answer is not None
        if "reason" in answer:
            raise Invalid(
                tr_lazy(
                    "A picture could not be cropped: {reason}. Remove it from the dataset, or download the originals.",
                    reason=answer["reason"],
                )
            )
        return Path(answer["path"])


def _start() -> child.Child:
    argv = [sys.executable, "-m", "backend.media.images.picture_cut_child"]
    return child.spawn(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, memory_mb=_CHILD_MEMORY_MB, nofile=64, nice=5
    )


def _ask(proc: child.Child, request: PictureCut) -> dict[str, Any] | None:
    """None when the child died without an answer, or was stopped after _TIMEOUT_S."""
    assert proc.stdin is not None
    try:
        proc.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        for seconds, answer in enumerate(child.json_lines(proc, every_s=1.0, on_other=lambda _: None)):
            if answer is not None:
                return answer
            if seconds >= _TIMEOUT_S:
                child.stop(proc, sig=signal.SIGTERM)
                break
    except BrokenPipeError:
        pass
    return None
