"""Ids sort as they were made and never meet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from backend.kit.ids import new_id


def test_ids_sort_in_the_order_of_making_within_a_millisecond() -> None:
    made = [new_id("img") for _ in range(5000)]
    assert made == sorted(made)
    assert {len(one) for one in made} == {30}


def test_a_clock_set_back_changes_no_order() -> None:
    first = new_id("job")
    with patch("time.time_ns", return_value=1):
        assert new_id("job") > first


def test_threads_never_make_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id("job"), range(4000)))
    assert len(set(made)) == 4000
