"""What this process believes about itself: does it still hold its lease, is it stopping."""

from __future__ import annotations

import threading
import time


def boot_clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """`stopping` is set by an orderly shutdown. `lapsed`: not renewed for half the lease, so others may soon take our work."""

    def __init__(self, seconds: float) -> None:
        self.stopping = threading.Event()
        self._half = seconds / 2
        self._renewed = boot_clock()

    def renewed(self, at: float) -> None:
        """`at`: boot_clock() before the renewal was sent."""
        self._renewed = at

    @property
    def lapsed(self) -> bool:
        return boot_clock() - self._renewed > self._half
