"""Several small connection pools instead of a large one.

httpx checks every connection of a pool, with a system call, at the start and end of each request: large pools are slow.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

POOLS, FILL_FIRST = 16, 6


class ConnectionPools:
    """Thread-safe. The first pools are filled first, so that sequential requests reuse one connection.

    `at_once`: connections per pool; the total is bounded by the calling threads.
    """

    def __init__(self, *, headers: Mapping[str, str], timeout: httpx.Timeout, at_once: int) -> None:
        # Short expiry: a request on a connection that the server is just closing would count as lost.
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once, keepalive_expiry=2.0)
        ssl_context = httpx.create_ssl_context()
        self._pools = [httpx.Client(headers=headers, timeout=timeout, limits=limits, verify=ssl_context) for _ in range(POOLS)]
        self._busy = [0] * POOLS
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self) -> Iterator[httpx.Client]:
        with self._lock:
            free = next((n for n, busy in enumerate(self._busy) if busy < FILL_FIRST), None)
            n = min(range(POOLS), key=self._busy.__getitem__) if free is None else free
            self._busy[n] += 1
        try:
            yield self._pools[n]
        finally:
            with self._lock:
                self._busy[n] -= 1

    def close(self) -> None:
        for pool in self._pools:
            pool.close()
