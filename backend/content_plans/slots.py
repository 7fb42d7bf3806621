"""Recurring times of the week, and the next of them that are free. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.content_plans.time_zones import to_instant, to_local_time

AHEAD_DAYS = 366


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
    for n in range(AHEAD_DAYS):
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
