"""Folding, quiet hours and digests, over zones and their changes of clocks. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.notices import rules

ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda it: f"{it[0]:02}:{it[1]:02}")


@given(INSTANTS, ZONES, TIMES, TIMES)
def test_what_is_held_is_let_go_outside_of_quiet_hours_within_a_day(at: datetime, zone: str, start: str, end: str) -> None:
    until = rules.quiet_until(at, zone=zone, quiet_from=start, quiet_to=end)
    if until is None:
        return
    assert at < until <= at + timedelta(hours=26)
    assert rules.quiet_until(until, zone=zone, quiet_from=start, quiet_to=end) is None


@given(INSTANTS, ZONES)
def test_night_is_quiet_and_noon_is_not(at: datetime, zone: str) -> None:
    hour = at.astimezone(ZoneInfo(zone)).hour
    is_held = rules.quiet_until(at, zone=zone, quiet_from="22:00", quiet_to="07:00") is not None
    if hour >= 23 or 4 <= hour < 6:
        assert is_held
    elif 8 <= hour < 21:
        assert not is_held


@given(INSTANTS, ZONES, TIMES, st.one_of(st.none(), st.integers(0, 6)))
def test_digests_follow_each_other_by_days_or_weeks(at: datetime, zone: str, digest_at: str, weekday: int | None) -> None:
    due = rules.next_digest(at, zone=zone, digest_at=digest_at, weekday=weekday)
    after = rules.next_digest(due, zone=zone, digest_at=digest_at, weekday=weekday)
    days = 1 if weekday is None else 7
    assert at < due <= at + timedelta(days=days, hours=26)
    assert timedelta(days=days, hours=-26) < after - due < timedelta(days=days, hours=26)
    if weekday is not None:
        assert due.astimezone(ZoneInfo(zone)).weekday() in (weekday, (weekday + 1) % 7)


@given(st.lists(st.integers(0, 7200), min_size=1, max_size=60))
def test_folding_keeps_order_and_loses_nothing(gaps_s: list[int]) -> None:
    at = datetime(2031, 1, 1, tzinfo=UTC)
    notices: list[list[datetime]] = []
    for gap_s in gaps_s:
        at += timedelta(seconds=gap_s)
        if notices and rules.folds(notices[-1][0], notices[-1][-1], None, at):
            notices[-1].append(at)
        else:
            notices.append([at])
    assert sum(len(notice) for notice in notices) == len(gaps_s)
    for notice in notices:
        assert notice[-1] - notice[0] <= rules.FOLD_LONGEST
    assert not rules.folds(at, at, at, at), "what was read is closed"


@given(INSTANTS)
def test_the_week_before_begins_on_a_monday(at: datetime) -> None:
    monday = rules.monday_of(rules.week_before(at))
    assert monday.weekday() == 0
    assert timedelta(days=7) <= at.date() - monday <= timedelta(days=13)


def test_times_that_are_none_are_refused_and_empty_hours_hold_nothing() -> None:
    at = datetime(2031, 1, 1, 23, tzinfo=UTC)
    assert rules.quiet_until(at, zone="UTC", quiet_from="", quiet_to="") is None
    assert rules.quiet_until(at, zone="UTC", quiet_from="22:00", quiet_to="22:00") is None
    for value in ("24:00", "7:00", "noon", ""):
        with pytest.raises(Invalid):
            rules.parsed_time(value)
    assert rules.retry_delay(len(rules.RETRY_DELAYS) + 1, jitter=lambda: 0.0) is None
    assert rules.retry_delay(1, jitter=lambda: 1.0) == timedelta(seconds=66)
