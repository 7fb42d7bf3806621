"""Several small pools of connections instead of a large one: httpx's looks at each of its connections, with a system call, for
every request that it takes and for every one that it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

LANES, WIDTH = 16, 6


class Lanes:
    """Thread-safe. The first lanes are filled first, so that who asks one thing after another stays on one connection.

    `at_once`: requests of one lane; all of them together are bounded by the threads that ask.
    """

    def __init__(self, *, headers: Mapping[str, str], timeout: httpx.Timeout, at_once: int) -> None:
        # Connections end before servers close idle ones: a request on one that is just being closed would count as lost.
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once, keepalive_expiry=2.0)
        trusted = httpx.create_ssl_context()
        self._lanes = [httpx.Client(headers=headers, timeout=timeout, limits=limits, verify=trusted) for _ in range(LANES)]
        self._busy = [0] * LANES
        self._guard = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[httpx.Client]:
        with self._guard:
            free = next((n for n, busy in enumerate(self._busy) if busy < WIDTH), None)
            n = min(range(LANES), key=self._busy.__getitem__) if free is None else free
            self._busy[n] += 1
        try:
            yield self._lanes[n]
        finally:
            with self._guard:
                self._busy[n] -= 1

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
