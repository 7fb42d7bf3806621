"""Those who wait share the next trip; whoever fails, fails alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.db.group_commit import GroupCommit


def test_who_comes_meanwhile_is_done_together_and_each_gets_its_own() -> None:
    shared: GroupCommit[int, int] = GroupCommit()
    trips: list[list[int]] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(items: Sequence[int]) -> list[int]:
        trips.append(list(items))
        begun.set()
        assert go_on.wait(20)
        return [item * 10 for item in items]

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(shared.do, "a", 0, work)
        assert begun.wait(20)
        others = [pool.submit(shared.do, "a", n, work) for n in range(1, 9)]
        while len(shared._waiting["a"]) < 8:
            threading.Event().wait(0.001)
        go_on.set()
        assert [one.result(20) for one in (first, *others)] == [n * 10 for n in range(9)]
    assert trips[0] == [0]
    assert sorted(trips[1]) == list(range(1, 9))
    assert len(trips) == 2
    assert not shared._waiting


def test_keys_do_not_wait_for_each_other() -> None:
    shared: GroupCommit[str, str] = GroupCommit()
    assert shared.do("a", "x", lambda items: [shared.do("b", "y", lambda inner: [*inner]) + items[0]]) == "yx"


def test_who_was_let_down_tries_alone() -> None:
    shared: GroupCommit[int, int] = GroupCommit()
    begun, go_on = threading.Event(), threading.Event()
    tried: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int]:
        tried.append(list(items))
        if items[0] == 0:
            begun.set()
            assert go_on.wait(20)
        if len(items) > 1:
            raise ValueError("away")
        return list(items)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(shared.do, "a", 0, work)
        assert begun.wait(20)
        others = [pool.submit(shared.do, "a", n, work) for n in (1, 2)]
        while len(shared._waiting["a"]) < 2:
            threading.Event().wait(0.001)
        go_on.set()
        assert first.result(20) == 0
        ended = {one.exception(20) is None for one in others}
    assert ended == {True, False}, "its leader is told, the other one did it itself"
    assert shared.do("a", 5, work) == 5
    with pytest.raises(ValueError, match="alone"):
        shared.do("a", 6, lambda items: (_ for _ in ()).throw(ValueError("alone")))
    assert shared.do("a", 7, work) == 7
