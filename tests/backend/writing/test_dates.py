"""What a day is where an influencer lives."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.influencers.rules import time_zones
from backend.writing.dates import AHEAD_DAYS, day_facts


@pytest.mark.parametrize(
    ("day", "zone", "sentence"),
    [
        (date(2026, 12, 20), "Europe/Rome", "Sunday 20 December 2026, winter, 5 days before Christmas Day"),
        (date(2026, 12, 20), "Australia/Sydney", "Sunday 20 December 2026, summer, 5 days before Christmas Day"),
        (date(2026, 12, 31), "Europe/Berlin", "Thursday 31 December 2026, winter, 1 day before New Year's Day"),
        (date(2026, 8, 15), "Europe/Rome", "Saturday 15 August 2026, summer, Assumption Of Mary Day"),
        (date(2026, 3, 3), "Asia/Singapore", "Tuesday 3 March 2026"),
        (date(2026, 12, 25), "UTC", "Friday 25 December 2026"),
    ],
)
def test_weekday_season_and_holiday(day: date, zone: str, sentence: str) -> None:
    assert str(day_facts(day, zone)) == sentence


@settings(deadline=None)
@given(st.sampled_from(time_zones()), st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_every_zone_has_an_answer(zone: str, day: date) -> None:
    facts = day_facts(day, zone)
    assert 0 <= facts.in_days <= AHEAD_DAYS
    assert bool(facts.holiday) or facts.in_days == 0
    half_a_year = day_facts(day.replace(day=1, month=(day.month + 5) % 12 + 1), zone).season
    assert (not facts.season and not half_a_year) or facts.season != half_a_year
