"""When a cron line fires, in local time. Pure.

A line is five fields (minute, hour, day of the month, month, day of the week), read on the clock of a place: 9:00 in Rome stays
9:00 when the rules of the zone change. A local time that a change of clocks skips fires in the first minute after it; one that
the clock shows twice fires the first time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cron_descriptor import Options, get_description
from croniter import CroniterError, croniter

from backend.content_plans import to_instant, to_local_time
from backend.errors import Invalid

MIN_MINUTES_APART = 15
_CHECKED_FIRES = 200
"""Fires after a common Monday that are looked at for the shortest time between two."""
_CHECKED_FROM = datetime(2024, 1, 1)
_OVERLAP = timedelta(hours=3)
"""No change of clocks is longer."""


@lru_cache(maxsize=500)
def parse(line: str) -> str:
    """The line with single spaces. Raises Invalid: not five fields, never fires, or fires more often than every
    MIN_MINUTES_APART minutes."""
    fields = line.split()
    normalized = " ".join(fields)
    if len(fields) != 5:
        raise Invalid(
            "A cron line has five fields: minute, hour, day, month, weekday. For example 0 9 * * * for 9:00 every day."
        )
    if set(fields[0].lower()) & set("rh"):
        raise Invalid("Random and hashed fields (R, H) are not supported. Give the minutes.")
    try:
        times = croniter(normalized, _CHECKED_FROM)
        fires = [times.get_next(datetime)]
        while len(fires) < _CHECKED_FIRES:
            fires.append(times.get_next(datetime))
            if fires[-1] - fires[-2] < timedelta(minutes=MIN_MINUTES_APART):
                break
    except CroniterError as error:
        if "next date" in str(error):
            raise Invalid(f"“{normalized[:80]}” never comes: there is no such day. Choose another one.") from error
        raise Invalid(
            f"“{normalized[:80]}” is no cron line. For example 0 9 * * 1-5 for 9:00 from Monday to Friday."
        ) from error
    if any(later - earlier < timedelta(minutes=MIN_MINUTES_APART) for earlier, later in pairwise(fires)):
        raise Invalid(f"That is more often than every {MIN_MINUTES_APART} minutes. Choose a longer time between two runs.")
    return normalized


def next_fire(line: str, zone: str, after: datetime) -> datetime:
    """The first instant (UTC) behind `after` (aware) at which `line` fires in `zone`. Raises Invalid: unknown zone, or the line
    never fires again."""
    try:
        times = croniter(line, to_local_time(after, zone) - _OVERLAP)
        while True:
            at = to_instant(times.get_next(datetime), zone).at
            if at > after:
                return at
    except CroniterError as error:
        raise Invalid(f"“{line[:80]}” never comes again. Choose other times.") from error


def next_times(line: str, zone: str, after: datetime, n: int = 3) -> tuple[datetime, ...]:
    """The next `n` instants behind `after` at which `line` fires in `zone`. Raises Invalid, as `parse`."""
    line, times = parse(line), list[datetime]()
    while len(times) < n:
        times.append(next_fire(line, zone, times[-1] if times else after))
    return tuple(times)


def describe(line: str) -> str:
    """In words: “At 09:00, Monday through Friday”."""
    options = Options()
    options.use_24hour_time_format = True
    return str(get_description(line, options))
