"""Waits for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(probe: Callable[[], T], seconds: float = 30.0, *, what: str = "it") -> T:
    """The first truthy answer of `probe`, asked 50 times a second at first, 10 in a long wait; fails after `seconds`."""
    started_at = time.monotonic()
    while not (answer := probe()):
        if (waited := time.monotonic() - started_at) > seconds:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(min(0.1, 0.02 + waited / 100))
    return answer
