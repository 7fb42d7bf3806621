"""Who this worker process is, and what it believes about itself: whether it still holds its lease, and whether it is
stopping."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from dataclasses import dataclass, field

from backend import VERSION
from backend.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Identity:
    """Its row in `workers`: an id of this start, and where it runs."""

    queues: tuple[str, ...]
    id: str = field(default_factory=lambda: new_id("wrk"))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)

    def row(self) -> dict[str, object]:
        """Columns of `workers`."""
        queues = json.dumps(self.queues)
        return {"id": self.id, "host": self.host, "pid": self.pid, "queues": queues, "version": VERSION}


def boot_clock() -> float:
    """Seconds on a clock that nobody sets and that also runs while the machine sleeps, where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """`stopping` is set by an orderly shutdown. `lapsed`: not renewed for half the lease, so others may soon take this worker's
    jobs; stopping at the half leaves the other half for what is under way to end.
    """

    def __init__(self, seconds: float) -> None:
        self.stopping = threading.Event()
        self.half_s = seconds / 2
        self._renewed_at = boot_clock()

    def renewed(self, at: float) -> None:
        """`at`: boot_clock() before the renewal was sent."""
        self._renewed_at = at

    @property
    def lapsed(self) -> bool:
        return boot_clock() - self._renewed_at > self.half_s
