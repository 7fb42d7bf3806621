"""Recurring times of the week, and the next of them that nothing is planned at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.content_plans.time_zones import instant, wall_in

AHEAD_DAYS = 366


@dataclass(frozen=True, slots=True)
class Slot:
    """`weekday` 0 is Monday; `at` “18:30”, by the clocks of the influencer's zone."""

    weekday: int
    at: str

    @property
    def clock(self) -> tuple[int, int]:
        hour, minute = self.at.split(":")
        return int(hour), int(minute)


def coming(slots: Iterable[Slot], zone: str, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(wall, instant) of a year's slots after an instant, in order; a slot the clock skips comes at the minute after."""
    today = wall_in(after, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    by_day: dict[int, list[tuple[int, int]]] = {}
    for slot in slots:
        by_day.setdefault(slot.weekday, []).append(slot.clock)
    for n in range(AHEAD_DAYS):
        day = today + timedelta(days=n)
        for hour, minute in sorted(set(by_day.get(day.weekday(), ()))):
            wall = day.replace(hour=hour, minute=minute)
            at = instant(wall, zone).at
            if at > after:
                yield wall, at


def free(
    slots: Iterable[Slot], zone: str, *, after: datetime, taken: Sequence[datetime], apart_minutes: int
) -> Iterator[tuple[datetime, datetime]]:
    """Slots with nothing planned within `apart_minutes` of them. `taken`: instants. Each one given is taken from then on."""
    apart, busy = timedelta(minutes=max(apart_minutes, 1)), list(taken)
    for wall, at in coming(slots, zone, after):
        if all(abs(at - other) >= apart for other in busy):
            busy.append(at)
            yield wall, at
