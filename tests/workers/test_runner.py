"""One thread exchanges for all that wait; no thread gets two jobs, and no claim is left over."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from backend.errors import Unavailable
from tests.support.wait import until
from workers.runner import ClaimBatcher, FinishedAttempt


class FakeExchange:
    """Hands out numbers up to `stock`; the first call waits until it is released."""

    def __init__(self, stock: int) -> None:
        self.stock, self.given, self.calls = stock, 0, 0
        self.written: list[Any] = []
        self.busy, self.go_on = threading.Event(), threading.Event()

    def run(self, queue: str, n: int, done: Sequence[FinishedAttempt]) -> list[Any]:
        self.calls += 1
        if self.calls == 1:
            self.busy.set()
            assert self.go_on.wait(10)
        self.written += done
        claims = list(range(self.given, min(self.given + n, self.stock)))
        self.given += len(claims)
        return claims


def crowd(batcher: ClaimBatcher, n: int, results: list[Any], done: Any = None) -> list[threading.Thread]:
    threads = [threading.Thread(target=lambda: results.append(batcher.next("cpu", done))) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads


def waiting_threads(batcher: ClaimBatcher) -> int:
    with batcher._lock:
        return len(batcher._queues["cpu"].waiting)


@pytest.mark.parametrize("stock", [0, 3, 100])
def test_one_exchange_serves_all_threads_that_wait(stock: int) -> None:
    exchange = FakeExchange(stock)
    batcher, results = ClaimBatcher(exchange.run), []  # type: ignore[var-annotated]
    first = crowd(batcher, 1, results)
    assert exchange.busy.wait(10)
    others = crowd(batcher, 5, results, done="finished")
    until(lambda: waiting_threads(batcher) == 6, what="the queue")
    exchange.go_on.set()
    for thread in first + others:
        thread.join()
    jobs = [job for job in results if job is not None]
    assert sorted(jobs) == list(range(min(stock, 6)))
    assert exchange.calls == 2
    assert exchange.written == ["finished"] * 5
    assert not batcher._queues["cpu"].claims
    assert not batcher._queues["cpu"].served


def test_a_failed_exchange_fails_only_the_thread_that_ran_it() -> None:
    calls = []

    def exchange(queue: str, n: int, done: Sequence[FinishedAttempt]) -> list[Any]:
        calls.append(n)
        if len(calls) == 1:
            raise Unavailable("away")
        return [1]

    batcher = ClaimBatcher(exchange)
    with pytest.raises(Unavailable):
        batcher.next("cpu")
    assert batcher.next("cpu") == 1  # type: ignore[comparison-overlap]
    assert waiting_threads(batcher) == 0
