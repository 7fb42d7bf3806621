"""When a run starts, whatever is in line; and what clocks mean by tonight."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.training.forecast import Waiting, at_wall, starts, tonight

SECONDS = st.integers(0, 5000).map(float)
WAITING = st.lists(st.builds(Waiting, st.one_of(st.just(0.0), SECONDS), SECONDS), max_size=7)
RUNNING = st.lists(SECONDS, max_size=3)
ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])


@given(RUNNING, WAITING, st.integers(1, 4))
def test_places_are_never_over_full_and_never_idle(running: list[float], waiting: list[Waiting], places: int) -> None:
    found = starts(running, waiting, places)
    places = max(places, len(running))
    spans = [(0.0, left) for left in running]
    for one, start in zip(waiting, found, strict=True):
        assert start is not None
        assert one.lasts is not None
        assert start >= one.not_before
        spans.append((start, start + one.lasts))
    moments = {0.0, *(begin for begin, _ in spans), *(end for _, end in spans)}
    for at in moments:
        works = sum(begin <= at < end for begin, end in spans)
        assert works <= places
        left_waiting = [one for one, start in zip(waiting, found, strict=True) if start > at and one.not_before <= at]
        assert works == places or not left_waiting


@given(RUNNING, WAITING, st.integers(1, 3), SECONDS)
def test_what_comes_last_delays_nobody_and_order_is_kept(
    running: list[float], waiting: list[Waiting], places: int, lasts: float
) -> None:
    found = starts(running, waiting, places)
    assert starts(running, [*waiting, Waiting(0, lasts)], places)[: len(found)] == found or any(
        one.not_before > 0 for one in waiting
    )
    ready = [start for one, start in zip(waiting, found, strict=True) if one.not_before == 0]
    assert ready == sorted(ready)


def test_after_something_of_unknown_length_nothing_is_known() -> None:
    assert starts([None], [Waiting(0, 10)], 1) == [None]
    assert starts([None], [Waiting(0, 10), Waiting(0, 5)], 2) == [0, 10]
    assert starts([30], [Waiting(0, None), Waiting(0, 5)], 1) == [30, None]
    assert starts([], [Waiting(100, 10), Waiting(0, 40), Waiting(0, 500)], 1) == [540, 0, 40]
    assert starts([], [Waiting(0, 1)], 0) == [None]


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)), ZONES, st.times())
def test_tonight_is_the_next_time_the_clock_shows(now: datetime, zone: str, at: time) -> None:
    at = at.replace(second=0, microsecond=0)
    found = tonight(now, zone, at)
    assert found.tzinfo is UTC
    assert now < found <= now + timedelta(hours=26)
    shown = found.astimezone(ZoneInfo(zone))
    skipped = at_wall(shown.date(), at, zone).astimezone(ZoneInfo(zone)).time() != at
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
    assert at_wall(day, at, "Europe/Rome").isoformat(timespec="minutes").removesuffix("+00:00") == utc
