"""One at the counter acts for all in line; nobody is given two jobs, and no job is left on the counter."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from backend.errors import Unavailable
from tests.support.wait import until
from workers.desk import Desk, Finished


class Clerk:
    """Hands out numbers up to `stock`; the first trade waits until `crowd` threads stand in line."""

    def __init__(self, stock: int) -> None:
        self.stock, self.given, self.trades = stock, 0, 0
        self.written: list[Any] = []
        self.busy, self.go_on = threading.Event(), threading.Event()

    def trade(self, queue: str, n: int, done: Sequence[Finished]) -> list[Any]:
        self.trades += 1
        if self.trades == 1:
            self.busy.set()
            assert self.go_on.wait(10)
        self.written += done
        claims = list(range(self.given, min(self.given + n, self.stock)))
        self.given += len(claims)
        return claims


def crowd(desk: Desk, n: int, got: list[Any], done: Any = None) -> list[threading.Thread]:
    threads = [threading.Thread(target=lambda: got.append(desk.next("cpu", done))) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads


def in_line(desk: Desk) -> int:
    with desk._guard:
        return len(desk._lines["cpu"].waiting)


@pytest.mark.parametrize("stock", [0, 3, 100])
def test_one_trade_serves_all_who_wait(stock: int) -> None:
    clerk = Clerk(stock)
    desk, got = Desk(clerk.trade), []  # type: ignore[var-annotated]
    first = crowd(desk, 1, got)
    assert clerk.busy.wait(10)
    others = crowd(desk, 5, got, done="finished")
    until(lambda: in_line(desk) == 6, what="the queue")
    clerk.go_on.set()
    for thread in first + others:
        thread.join()
    jobs = [job for job in got if job is not None]
    assert sorted(jobs) == list(range(min(stock, 6)))
    assert clerk.trades == 2
    assert clerk.written == ["finished"] * 5
    assert not desk._lines["cpu"].ready
    assert not desk._lines["cpu"].answered


def test_a_failed_trade_is_the_one_at_the_counters_only() -> None:
    calls = []

    def trade(queue: str, n: int, done: Sequence[Finished]) -> list[Any]:
        calls.append(n)
        if len(calls) == 1:
            raise Unavailable("away")
        return [1]

    desk = Desk(trade)
    with pytest.raises(Unavailable):
        desk.next("cpu")
    assert desk.next("cpu") == 1  # type: ignore[comparison-overlap]
    assert in_line(desk) == 0
