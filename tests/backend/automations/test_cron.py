"""Cron lines on local clocks: what is refused, and that whatever the rules of a zone, each time fires once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.automations import cron
from backend.content_plans import to_instant, to_local_time
from backend.errors import Invalid

ZONES = ("UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo")
LINES = (
    "0 9 * * *",
    "30 2 * * *",
    "0 0 * * 1",
    "*/15 * * * *",
    "45 1,2,3 * * 0",
    "0 12 1 * *",
    "0 0 29 2 *",
    "15 */4 * 10,3 *",
)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("* * * * *", "more often than every 15"),
        ("*/14 * * * *", "more often than every 15"),
        ("0,10 9 * * *", "more often than every 15"),
        ("* * * * * *", "five fields"),
        ("0 9 * *", "five fields"),
        ("@daily", "five fields"),
        ("0 0 30 2 *", "never comes"),
        ("61 9 * * *", "not a cron line"),
        ("nine o'clock in the morning", "not a cron line"),
        ("R * * * *", "not supported"),
    ],
)
def test_bad_lines_are_refused_with_a_sentence(line: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        cron.parse(line)


def test_lines_are_said_in_words() -> None:
    assert cron.parse("  0   9 * *  1-5 ") == "0 9 * * 1-5"
    assert cron.describe("0 9 * * 1-5") == "At 09:00, Monday through Friday"


@given(st.sampled_from(LINES), st.sampled_from(ZONES), st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
def test_each_time_comes_once_and_in_order(line: str, zone: str, start: datetime) -> None:
    """Walking from fire to fire never stands still or goes back; every fire shows a time of the line on the local clock, or the
    first minute after one that the clock skipped; and asking again from anywhere before a fire gives that fire."""
    after, fires = start.replace(tzinfo=UTC), list[datetime]()
    while len(fires) < 5:
        fires.append(cron.next_fire(line, zone, fires[-1] if fires else after))
    assert fires == sorted(set(fires))
    assert fires[0] > after
    for at in fires:
        local = to_local_time(at, zone)
        wanted = [local - timedelta(minutes=n) for n in range(121)]
        assert any(
            to_instant(minute, zone).at == at and cron.croniter.match(line, minute) for minute in wanted if minute.second == 0
        )
    middle = after + (fires[0] - after) / 2
    assert cron.next_fire(line, zone, middle) == fires[0]


def test_nine_stays_nine_when_the_clocks_change() -> None:
    rome = ZoneInfo("Europe/Rome")
    at = datetime(2026, 3, 27, 12, tzinfo=UTC)
    hours = []
    for _ in range(4):
        at = cron.next_fire("0 9 * * *", "Europe/Rome", at)
        hours.append((at.astimezone(rome).hour, at.hour))
    assert hours == [(9, 8), (9, 7), (9, 7), (9, 7)]


def test_a_skipped_time_fires_after_the_gap_and_a_double_one_once() -> None:
    spring = cron.next_fire("30 2 * * *", "Europe/Rome", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring == datetime(2026, 3, 29, 1, tzinfo=UTC), "3:00 on the clock"
    autumn = cron.next_fire("30 2 * * *", "Europe/Rome", datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert cron.next_fire("30 2 * * *", "Europe/Rome", autumn) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
