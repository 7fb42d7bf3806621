"""When a run starts, whatever is in line; and what clocks mean by tonight."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.training.forecast import WaitingRun, local_to_utc, next_local_time, start_times

SECONDS = st.integers(0, 5000).map(float)
WAITING = st.lists(st.builds(WaitingRun, st.one_of(st.just(0.0), SECONDS), SECONDS), max_size=7)
RUNNING = st.lists(SECONDS, max_size=3)
ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])


@given(RUNNING, WAITING, st.integers(1, 4))
def test_places_are_never_over_full_and_never_idle(running: list[float], waiting: list[WaitingRun], places: int) -> None:
    results = start_times(running, waiting, places)
    places = max(places, len(running))
    spans = [(0.0, left) for left in running]
    for one, start in zip(waiting, results, strict=True):
        assert start is not None
        assert one.duration_s is not None
        assert start >= one.not_before
        spans.append((start, start + one.duration_s))
    moments = {0.0, *(begin for begin, _ in spans), *(end for _, end in spans)}
    for at in moments:
        works = sum(begin <= at < end for begin, end in spans)
        assert works <= places
        left_waiting = [one for one, start in zip(waiting, results, strict=True) if start > at and one.not_before <= at]
        assert works == places or not left_waiting


@given(RUNNING, WAITING, st.integers(1, 3), SECONDS)
def test_what_comes_last_delays_nobody_and_order_is_kept(
    running: list[float], waiting: list[WaitingRun], places: int, lasts: float
) -> None:
    results = start_times(running, waiting, places)
    assert start_times(running, [*waiting, WaitingRun(0, lasts)], places)[: len(results)] == results or any(
        entry.not_before > 0 for entry in waiting
    )
    ready = [start for one, start in zip(waiting, results, strict=True) if one.not_before == 0]
    assert ready == sorted(ready)


def test_after_something_of_unknown_length_nothing_is_known() -> None:
    assert start_times([None], [WaitingRun(0, 10)], 1) == [None]
    assert start_times([None], [WaitingRun(0, 10), WaitingRun(0, 5)], 2) == [0, 10]
    assert start_times([30], [WaitingRun(0, None), WaitingRun(0, 5)], 1) == [30, None]
    assert start_times([], [WaitingRun(100, 10), WaitingRun(0, 40), WaitingRun(0, 500)], 1) == [540, 0, 40]
    assert start_times([], [WaitingRun(0, 1)], 0) == [None]


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)), ZONES, st.times())
def test_tonight_is_the_next_time_the_clock_shows(now: datetime, zone: str, at: time) -> None:
    at = at.replace(second=0, microsecond=0)
    results = next_local_time(now, zone, at)
    assert results.tzinfo is UTC
    assert now < results <= now + timedelta(hours=26)
    shown = results.astimezone(ZoneInfo(zone))
    skipped = local_to_utc(shown.date(), at, zone).astimezone(ZoneInfo(zone)).time() != at
    assert shown.time() == at or skipped


@pytest.mark.parametrize(
    ("day", "at", "utc"),
    [
        (date(2026, 11, 21), time(2, 0), "2026-11-21T01:00"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # skipped: clocks go from 02:00 to 03:00
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # shown twice: the first
    ],
)
def test_wall_times_in_rome(day: date, at: time, utc: str) -> None:
    assert local_to_utc(day, at, "Europe/Rome").isoformat(timespec="minutes").removesuffix("+00:00") == utc
