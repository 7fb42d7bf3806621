"""What a clock's time in a zone is as an instant. Pure: the one place that knows about summer time.

A plan keeps what people said (wall time and zone), never only the instant: governments change their rules, and “18:00 in
Cairo” must stay 18:00. The instant (`due_at`) is stored for the index that the clockwork reads. It is derived anew from wall
time and zone for every plan still ahead (`sweep.realign`), once a day and when a worker starts: an update of the time zone data
comes with a restart, so new rules move what waits before it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.errors import Invalid

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Instant:
    """`at`: aware, UTC. `wall`: what the clock there shows then, naive. `why`: the clock skips the asked time (`missing`: moved
    on to the first minute after) or shows it twice (`double`: the first is taken)."""

    at: datetime
    wall: datetime
    why: Literal["", "missing", "double"] = ""


def zone_of(name: str) -> ZoneInfo:
    """Raises Invalid."""
    try:
        return _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"There is no time zone “{name[:60]}”. Choose one of the list, for example Europe/Berlin.") from error


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def instant(wall: datetime, zone: str) -> Instant:
    """`wall`: naive, seconds are dropped. Raises Invalid: unknown zone, or a time outside of what clocks can say."""
    there = zone_of(zone)
    wall = wall.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    try:
        first, second = (wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
        if _shown(first, there) == wall:
            return Instant(first, wall, "double" if second > first and _shown(second, there) == wall else "")
        at = _first_after(min(first, second), max(first, second), wall, there)
        return Instant(at, _shown(at, there), "missing")
    except OverflowError as error:
        raise Invalid("This date is out of range. Choose one in this century.") from error


def wall_in(at: datetime, zone: str) -> datetime:
    """What the clock of `zone` shows at an instant, naive."""
    return _shown(at, zone_of(zone))


def _shown(at: datetime, there: ZoneInfo) -> datetime:
    return at.astimezone(there).replace(tzinfo=None, fold=0)


def _first_after(low: datetime, high: datetime, wall: datetime, there: ZoneInfo) -> datetime:
    """The clock jumps over `wall` between two instants: the first whole minute after the jump, found by halving."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds() // 2))
        low, high = (middle, high) if _shown(middle, there) < wall else (low, middle)
    late = _shown(high, there).second  # jumps of long ago were not on a whole minute
    return high + timedelta(seconds=-late % 60)
