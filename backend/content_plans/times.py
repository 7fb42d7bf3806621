"""Times of plans and posts: local times and instants (the one place that knows about summer time), how far a post of a plan
follows the plan's time, and recurring times of the week.

A plan stores what people chose (local time and zone), never only the instant: governments change their rules, and “18:00 in
Cairo” must stay 18:00. The instant (`due_at`) is stored for the index that the scheduler reads. It is computed again from local
time and zone for every future plan (`sweep.recompute_due_times`), once a day and when a worker starts: new time zone data comes
with a restart, so new rules take effect before a plan is due.

A post's offset is one of its `options` (`after_minutes`), so that it is copied and edited with the post; its `due_at` is the
plan's plus the offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, func, literal

from backend.db.tables import Post
from backend.errors import Invalid
from backend.language import Message, Moment, joined, tr_lazy

_SECOND = timedelta(seconds=1)
OFFSET_OPTION = "after_minutes"
MAX_OFFSET_MINUTES = 720
RECURRING_DAYS_AHEAD = 366


@dataclass(frozen=True, slots=True)
class Instant:
    """`at`: aware, UTC. `wall`: the local time then, naive. `adjustment`: clocks skip the requested time (`missing`: moved to
    the first minute after) or show it twice (`double`: the first is taken)."""

    at: datetime
    wall: datetime
    adjustment: Literal["", "missing", "double"] = ""


def zone_of(name: str) -> ZoneInfo:
    """Raises Invalid."""
    try:
        return _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            tr_lazy("There is no time zone “{name}”. Choose one of the list, for example Europe/Berlin.", name=name[:60])
        ) from error


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def to_instant(local_time: datetime, zone: str) -> Instant:
    """`local_time`: naive; seconds are dropped. Raises Invalid: unknown zone, or a date out of range."""
    zone_info = zone_of(zone)
    local_time = local_time.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    try:
        first, second = (local_time.replace(tzinfo=zone_info, fold=fold).astimezone(UTC) for fold in (0, 1))
        if _local_time(first, zone_info) == local_time:
            return Instant(
                first, local_time, "double" if second > first and _local_time(second, zone_info) == local_time else ""
            )
        at = _first_minute_after(min(first, second), max(first, second), local_time, zone_info)
        return Instant(at, _local_time(at, zone_info), "missing")
    except OverflowError as error:
        raise Invalid(tr_lazy("This date is out of range. Choose one in this century.")) from error


def to_local_time(at: datetime, zone: str) -> datetime:
    """The local time of an instant in `zone`, naive."""
    return _local_time(at, zone_of(zone))


def _local_time(at: datetime, zone_info: ZoneInfo) -> datetime:
    return at.astimezone(zone_info).replace(tzinfo=None, fold=0)


def _first_minute_after(low: datetime, high: datetime, local_time: datetime, zone_info: ZoneInfo) -> datetime:
    """Clocks jump over `local_time` between two instants: the first whole minute after the jump, found by bisection."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds() // 2))
        low, high = (middle, high) if _local_time(middle, zone_info) < local_time else (low, middle)
    late = _local_time(high, zone_info).second  # historical changes were not on a whole minute
    return high + timedelta(seconds=-late % 60)


def after_minutes(options: Mapping[str, Any]) -> int:
    """Minutes between the plan's time and the post's; 0: at the plan's time."""
    return int(options.get(OFFSET_OPTION) or 0)


def validate_offset(options: dict[str, Any]) -> dict[str, Any]:
    """The options, without an offset of zero. Raises ValueError for an offset that is not a whole number in range."""
    if OFFSET_OPTION not in options:
        return options
    minutes = options[OFFSET_OPTION]
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= MAX_OFFSET_MINUTES:
        raise ValueError(
            tr_lazy(
                "A channel may follow the post's time by 0 to {max_offset_minutes} whole minutes.",
                max_offset_minutes=MAX_OFFSET_MINUTES,
            )
        )
    return options if minutes else {name: value for name, value in options.items() if name != OFFSET_OPTION}


def offset_of(options: Mapping[str, Any]) -> timedelta:
    return timedelta(minutes=after_minutes(options))


def due_time(plan_at: datetime | None, options: Mapping[str, Any]) -> datetime | None:
    """When a post of a plan is due."""
    return plan_at + offset_of(options) if plan_at else None


def due_time_sql(plan_at: datetime | ColumnElement[datetime] | None) -> ColumnElement[Any] | None:
    """As `due_time`, as an SQL expression for an UPDATE of a plan's posts."""
    if plan_at is None:
        return None
    minutes = func.coalesce(Post.options[OFFSET_OPTION].as_integer(), 0)
    at = literal(plan_at) if isinstance(plan_at, datetime) else plan_at
    return at + func.make_interval(0, 0, 0, 0, 0, minutes)


@dataclass(frozen=True, slots=True)
class RecurringTime:
    """`weekday`: 0 is Monday. `at`: “18:30”, in the influencer's time zone."""

    weekday: int
    at: str

    @property
    def clock(self) -> tuple[int, int]:
        hour, minute = self.at.split(":")
        return int(hour), int(minute)


def upcoming_times(slots: Iterable[RecurringTime], zone: str, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(local time, instant) of the recurring times of a year after `after`, in order.

    A local time that a change of clocks skips has the first instant after the change.
    """
    today = to_local_time(after, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    by_day: dict[int, list[tuple[int, int]]] = {}
    for slot in slots:
        by_day.setdefault(slot.weekday, []).append(slot.clock)
    for n in range(RECURRING_DAYS_AHEAD):
        day = today + timedelta(days=n)
        for hour, minute in sorted(set(by_day.get(day.weekday(), ()))):
            local_time = day.replace(hour=hour, minute=minute)
            at = to_instant(local_time, zone).at
            if at > after:
                yield local_time, at


def free_times(
    slots: Iterable[RecurringTime], zone: str, *, after: datetime, taken: Sequence[datetime], apart_minutes: int
) -> Iterator[tuple[datetime, datetime]]:
    """Recurring times with nothing planned within `apart_minutes`. `taken`: instants. Each one yielded counts as taken."""
    gap, busy = timedelta(minutes=max(apart_minutes, 1)), list(taken)
    for local_time, at in upcoming_times(slots, zone, after):
        if all(abs(at - other) >= gap for other in busy):
            busy.append(at)
            yield local_time, at


def time_text(local_time: datetime) -> Message:
    """A local time in a sentence, as Tue 3 Mar, 18:00."""
    return Moment(local_time, "moment")


def time_text_with_year(local_time: datetime) -> Message:
    """As Tue 3 Mar 2026, 18:00."""
    return joined(Moment(local_time, "weekday"), Moment(local_time, "date"))
