"""A time that was chosen on the calendar is the one that was shown there, whatever zone the page has by then."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from backend.influencers import InfluencerCard
from studio.content_plans import calendar_view, new_post


class InRome:
    time_zone = "Europe/Rome"


def test_a_chosen_hour_is_of_the_zone_that_the_calendar_showed() -> None:
    sent = {"start": "2037-11-25T09:00", "end": "2037-11-25T09:30", "days": False, "zone": "Asia/Tokyo"}
    chosen = calendar_view._chosen_time(sent)
    assert new_post._local_time(cast("InfluencerCard", InRome()), chosen) == datetime(2037, 11, 25, 1, 0)
