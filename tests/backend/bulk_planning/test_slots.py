"""Free times of a series: no clash, nothing past, the clock's own time wherever it is free. No database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.bulk_planning import slots as placing
from backend.content_plans import RecurringTime, to_instant

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 1))
CLOCKS = st.lists(
    st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from((0, 10, 30))),
    min_size=1,
    max_size=4,
    unique=True,
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(
    DAYS,
    st.integers(1, 14),
    CLOCKS,
    st.sampled_from(ZONES),
    st.integers(0, 240),
    st.lists(st.tuples(st.sampled_from(("", "tiktok", "other")), st.integers(-600, 15 * 1440)), max_size=30),
    st.integers(0, 90),
    st.booleans(),
)
def test_nothing_clashes_and_a_free_wish_is_kept(
    first: date, days: int, clocks: list[str], zone: str, apart: int, busy: list[tuple[str, int]], between: int, strict: bool
) -> None:
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    taken = [(channel_id, begin + timedelta(minutes=minutes)) for channel_id, minutes in busy]
    offsets = {"instagram": timedelta(0), "tiktok": timedelta(minutes=between)}
    wanted_times = placing.daily_times(first, days, clocks)
    arguments = {"after": noon(first), "taken": taken, "apart_minutes": apart, "offsets": offsets, "strict": strict}
    times = placing.find_free_times(wanted_times, zone, **arguments)  # type: ignore[arg-type]
    gap = timedelta(minutes=max(apart, 1))

    def marks(at: datetime) -> dict[str, datetime]:
        return {"": at, **{channel_id: at + step for channel_id, step in offsets.items()}}

    for time in times:
        assert time.at > noon(first)
        assert time.at == to_instant(time.wall, zone).at
        assert time.wall.date() in {wish.date() for wish in wanted_times}
        assert all(
            abs(instant - marks(time.at)[channel_id]) >= gap for channel_id, instant in taken if channel_id in marks(time.at)
        )
    for time, other in combinations(times, 2):
        assert all(abs(other_at - marks(time.at)[channel_id]) >= gap for channel_id, other_at in marks(other.at).items())
    assert len(times) <= len(wanted_times)
    assert not strict or {time.wall for time in times} <= set(wanted_times)
    if not taken and all(to_instant(wish, zone).at > noon(first) for wish in wanted_times):
        far = all(abs(b - a) >= gap for a, b in combinations([to_instant(wish, zone).at for wish in wanted_times], 2))
        assert not far or [time.wall for time in times] == wanted_times


def test_a_taken_time_moves_to_the_nearest_half_hour_of_its_day() -> None:
    first = date(2026, 12, 1)
    taken = [("", datetime(2026, 12, 1, 18, 10, tzinfo=UTC)), ("", datetime(2026, 12, 2, 9, tzinfo=UTC))]
    arguments = {"after": noon(date(2026, 11, 1)), "taken": taken, "apart_minutes": 60, "offsets": {}}
    wanted_times = placing.daily_times(first, 2, ["18:00"])
    assert [time.wall for time in placing.find_free_times(wanted_times, "UTC", **arguments)] == [  # type: ignore[arg-type]
        datetime(2026, 12, 1, 17),
        datetime(2026, 12, 2, 18),
    ]
    assert [time.wall for time in placing.find_free_times(wanted_times, "UTC", **arguments, strict=True)] == [
        datetime(2026, 12, 2, 18)
    ]  # type: ignore[arg-type]


def test_a_full_day_is_left_out() -> None:
    day = date(2026, 12, 1)
    taken = [("", datetime(2026, 12, 1, hour, tzinfo=UTC)) for hour in range(24)]
    times = placing.find_free_times(
        placing.daily_times(day, 2, ["18:00"]), "UTC", after=noon(date(2026, 11, 1)), taken=taken, apart_minutes=60, offsets={}
    )
    assert [time.wall for time in times] == [datetime(2026, 12, 2, 18)]


def test_recurring_times_fall_on_their_weekdays_and_skip_none_that_the_clock_skips() -> None:
    slots = (RecurringTime(6, "02:30"), RecurringTime(1, "18:00"), RecurringTime(1, "09:00"))
    local_times = placing.recurring_times(date(2027, 3, 23), 7, slots)
    assert local_times == [datetime(2027, 3, 23, 9), datetime(2027, 3, 23, 18), datetime(2027, 3, 28, 2, 30)]
    times = placing.find_free_times(
        local_times, "Europe/Berlin", after=noon(date(2027, 3, 1)), taken=(), apart_minutes=60, offsets={}, strict=True
    )
    assert times[-1].at == datetime(2027, 3, 28, 1, tzinfo=UTC), "02:30 does not exist: the first minute after the gap"
