"""When a waiting run will start, by simulating the queue before it. Pure; all times in seconds from now."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """`not_before`: starts no earlier (0 or less: could start now). `duration_s`: how long it takes, None: unknown."""

    not_before: float
    duration_s: float | None


def start_times(running: Sequence[float | None], waiting: Sequence[WaitingRun], slots: int) -> list[float | None]:
    """When each of `waiting` (in the order they are claimed) starts; None: after a job of unknown duration, or never.

    `running`: seconds that the running jobs still take, None: unknown. A slot that becomes free takes the first job that may
    start by then.
    """
    slots = max(slots, len(running))
    free = [math.inf if left_s is None else max(left_s, 0.0) for left_s in running] + [0.0] * (slots - len(running))
    heapq.heapify(free)
    starts_at: list[float | None] = [None] * len(waiting)
    unstarted = list(range(len(waiting)))
    while unstarted and free and (free_at := heapq.heappop(free)) < math.inf:
        free_at = max(free_at, min(waiting[n].not_before for n in unstarted))
        next_run = next(n for n in unstarted if waiting[n].not_before <= free_at)
        unstarted.remove(next_run)
        starts_at[next_run], duration_s = free_at, waiting[next_run].duration_s
        heapq.heappush(free, math.inf if duration_s is None else free_at + duration_s)
    return starts_at


def next_local_time(now: datetime, zone: str, at: time) -> datetime:
    """The next moment at which clocks in `zone` show `at`, in UTC. `now` must be aware."""
    today = now.astimezone(ZoneInfo(zone)).date()
    today_at = local_to_utc(today, at, zone)
    return today_at if today_at > now else local_to_utc(today + timedelta(days=1), at, zone)


def local_to_utc(day: date, at: time, zone: str) -> datetime:
    """A local time in UTC. Of a time that clocks show twice the first; a time that they skip becomes the moment they jump."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
