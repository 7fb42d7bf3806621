"""Clocks: every zone there is, every minute of this century, what is missing and what is there twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from backend import content_plans
from backend.content_plans import PostState, VariantDraft
from backend.content_plans.sweep import recompute_due_times
from backend.content_plans.times import RecurringTime, free_times, to_instant, to_local_time, upcoming_times
from backend.db.tables import ContentPlan, Post
from backend.db.transactions import Database
from backend.errors import Invalid
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix", "right")) and zone != "localtime")
MINUTE = timedelta(minutes=1)
local_times = st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))
zones = st.sampled_from(ZONES)
S = PostState


@settings(deadline=None, max_examples=300)
@given(local_times, zones)
def test_every_wall_time_has_one_instant_that_shows_it_or_the_first_minute_after(local_time: datetime, zone: str) -> None:
    resolved = to_instant(local_time, zone)
    assert resolved.at.tzinfo is UTC
    assert to_local_time(resolved.at, zone) == resolved.wall
    if resolved.adjustment == "missing":
        assert resolved.wall > local_time
        assert to_local_time(resolved.at - MINUTE, zone) < local_time
    else:
        assert resolved.wall == local_time
    earlier = [to_local_time(resolved.at - timedelta(hours=h), zone) == local_time for h in (0.5, 1, 2)]
    assert not any(earlier), "the first of two"


@settings(deadline=None, max_examples=200)
@given(local_times, zones, st.integers(0, 3 * 1440))
def test_later_on_the_clock_is_never_earlier_in_time(local_time: datetime, zone: str, minutes: int) -> None:
    """But for an hour that comes twice: its first half is taken, so what follows it is later, never before."""
    assert to_instant(local_time + minutes * MINUTE, zone).at >= to_instant(local_time, zone).at


@settings(deadline=None, max_examples=200)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)), zones)
def test_there_and_back(at: datetime, zone: str) -> None:
    at = at.replace(second=0, microsecond=0)
    back = to_instant(to_local_time(at, zone), zone)
    assert back.at == at or (back.adjustment == "double" and back.at < at) or to_local_time(at, zone).second


@pytest.mark.parametrize(
    ("zone", "asked", "shown", "utc", "why"),
    [
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 03:00", "2026-03-29 01:00", "missing"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 02:30", "2026-10-25 00:30", "double"),
        ("America/New_York", "2026-03-08 02:00", "2026-03-08 03:00", "2026-03-08 07:00", "missing"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04 02:30", "2026-10-03 15:30", "missing"),
        ("Pacific/Apia", "2011-12-30 10:00", "2011-12-31 00:00", "2011-12-30 10:00", "missing"),
        ("Asia/Kolkata", "2026-06-01 18:00", "2026-06-01 18:00", "2026-06-01 12:30", ""),
    ],
)
def test_known_days(zone: str, asked: str, shown: str, utc: str, why: str) -> None:
    resolved = to_instant(datetime.fromisoformat(asked), zone)
    assert (str(resolved.wall)[:16], str(resolved.at)[:16], resolved.adjustment) == (shown, utc, why)


@pytest.mark.parametrize("zone", ["Nowhere/City", "", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_gets_a_sentence(zone: str) -> None:
    with pytest.raises(Invalid, match="time zone"):
        to_instant(datetime(2026, 1, 1), zone)


def test_the_end_of_the_calendar_is_out_of_range() -> None:
    with pytest.raises(Invalid, match="out of range"):
        to_instant(datetime.max, "America/New_York")


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.builds(RecurringTime, st.integers(0, 6), st.times().map(lambda t: f"{t:%H:%M}")), max_size=8),
    zones,
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    st.lists(st.integers(0, 14 * 1440), max_size=6),
    st.integers(0, 300),
)
def test_free_slots_are_slots_ahead_and_far_from_everything(
    slots: list[RecurringTime], zone: str, after: datetime, taken: list[int], apart: int
) -> None:
    busy = [after + n * MINUTE for n in taken]
    given_out: list[datetime] = []
    for (local_time, at), _ in zip(
        free_times(slots, zone, after=after, taken=busy, apart_minutes=apart), range(20), strict=False
    ):
        assert at > after
        assert RecurringTime(local_time.weekday(), f"{local_time:%H:%M}") in slots
        assert all(abs(at - other) >= max(apart, 1) * MINUTE for other in [*busy, *given_out])
        given_out.append(at)
    assert given_out == sorted(given_out)
    assert bool(slots) is bool(given_out)


def test_a_slot_the_clock_skips_comes_at_the_minute_after() -> None:
    [(local_time, at), *_] = upcoming_times([RecurringTime(6, "02:30")], "Europe/Berlin", datetime(2026, 3, 27, tzinfo=UTC))
    assert (str(local_time)[:16], str(at)[:16]) == ("2026-03-29 02:30", "2026-03-29 01:00")


def test_channels_some_minutes_apart(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        second = make_channel(tx, bella.influencer.id)
        delayed = bella.variant(channel_id=second.id, options={"after_minutes": 10})
        plan = bella.plan(tx, wall=local_time_ahead(), variants=(bella.variant(), delayed))
        content_plans.approve(tx, [plan.id])

        def dues() -> list[timedelta]:
            card = content_plans.get(tx, plan.id)
            assert card.due_at
            return sorted(post.due_at - card.due_at for post in card.posts if post.due_at)

        assert dues() == [timedelta(0), timedelta(minutes=10)]
        content_plans.move(tx, plan.id, local_time_ahead(days=4))
        assert dues() == [timedelta(0), timedelta(minutes=10)]
        card = content_plans.get(tx, plan.id)
        variants = tuple(
            variant.model_copy(update={"options": {"after_minutes": 25}}) if variant.options else variant
            for variant in card.draft().variants
        )
        content_plans.save(tx, plan.id, card.draft().model_copy(update={"variants": variants}), version=card.version)
        assert dues() == [timedelta(0), timedelta(minutes=25)]
        assert content_plans.get(tx, plan.id).state == S.SCHEDULED, "a later minute is not another post: no new review"


def test_realigning_keeps_the_minutes(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Europe/Berlin")
        plan = bella.plan(tx, wall=local_time_ahead(days=9), variants=(bella.variant(options={"after_minutes": 5}),))
        moved = plan.due_at - timedelta(hours=1)
        tx.execute(update(ContentPlan).where(ContentPlan.id == plan.id).values(due_at=moved))
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(due_at=moved))
        assert recompute_due_times(tx)[1] == 1
        (post,) = content_plans.get(tx, plan.id).posts
        assert post.due_at == plan.due_at + timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [-1, 721, "10", True, 2.5])
def test_minutes_that_are_none_are_refused(minutes: object) -> None:
    with pytest.raises(Invalid, match="0 to 720 whole minutes"):
        VariantDraft(channel_id="chn_1", options={"after_minutes": minutes})


def test_no_minutes_are_not_kept() -> None:
    assert VariantDraft(channel_id="chn_1", options={"after_minutes": 0, "tags": ["a"]}).options == {"tags": ["a"]}
