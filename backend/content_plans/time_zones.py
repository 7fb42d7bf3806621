"""Local times and instants. Pure: the one place that knows about summer time.

A plan stores what people chose (local time and zone), never only the instant: governments change their rules, and “18:00 in
Cairo” must stay 18:00. The instant (`due_at`) is stored for the index that the scheduler reads. It is computed again from local
time and zone for every future plan (`sweep.recompute_due_times`), once a day and when a worker starts: new time zone data comes
with a restart, so new rules take effect before a plan is due.
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
        raise Invalid(f"There is no time zone “{name[:60]}”. Choose one of the list, for example Europe/Berlin.") from error


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
        raise Invalid("This date is out of range. Choose one in this century.") from error


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
