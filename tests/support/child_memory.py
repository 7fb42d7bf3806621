"""How much memory the programs below a process take together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_EVERY_S = 0.1


@dataclass
class PeakMemory:
    """`bytes`: the most that the programs had in memory at one moment (RSS, so what they share is counted for each)."""

    bytes: int = 0

    @property
    def gigabytes(self) -> float:
        return round(self.bytes / 1e9, 2)


@contextmanager
def measured_children(program: str = "") -> Iterator[PeakMemory]:
    """Looks ten times a second at the children of this process, and theirs, while the `with` block lasts. `program`: only at
    those that have it in their name."""
    peak, ended = PeakMemory(), threading.Event()
    process = psutil.Process()

    def look() -> None:
        while not ended.wait(_EVERY_S):
            peak.bytes = max(peak.bytes, sum(_resident(child, program) for child in process.children(recursive=True)))

    thread = threading.Thread(target=look, name="memory")
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _resident(child: psutil.Process, program: str) -> int:
    try:
        return int(child.memory_info().rss) if program in child.name() else 0
    except psutil.NoSuchProcess:
        return 0
