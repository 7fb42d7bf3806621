"""When a run will start: the line before it, played forward. Pure; all times in seconds from now."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Waiting:
    """`not_before`: starts no earlier (0 or less: could start now). `lasts`: None when nobody knows."""

    not_before: float
    lasts: float | None


def starts(running: Sequence[float | None], waiting: Sequence[Waiting], places: int) -> list[float | None]:
    """When each of `waiting` (in the order they are served) starts; None: after something of unknown length, or never.

    `running`: what is left of the running ones. A place that falls free takes the first that may start by then.
    """
    places = max(places, len(running))
    free = [math.inf if left is None else max(left, 0.0) for left in running] + [0.0] * (places - len(running))
    heapq.heapify(free)
    found: list[float | None] = [None] * len(waiting)
    left = list(range(len(waiting)))
    while left and free and (at := heapq.heappop(free)) < math.inf:
        at = max(at, min(waiting[n].not_before for n in left))
        turn = next(n for n in left if waiting[n].not_before <= at)
        left.remove(turn)
        found[turn], lasts = at, waiting[turn].lasts
        heapq.heappush(free, math.inf if lasts is None else at + lasts)
    return found


def tonight(now: datetime, zone: str, at: time) -> datetime:
    """The next time that clocks in `zone` show `at`. `now` aware; the result in UTC."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first = at_wall(today, at, zone)
    return first if first > now else at_wall(today + timedelta(days=1), at, zone)


def at_wall(day: date, at: time, zone: str) -> datetime:
    """That wall time in UTC. A time that the clocks skip is the moment they jump past it, one shown twice the first of both."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
