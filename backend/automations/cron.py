"""When a cron line fires, in local time. Pure.

A line is five fields (minute, hour, day of the month, month, day of the week), read on the clock of a place: 9:00 in Rome stays
9:00 when the rules of the zone change. A local time that a change of clocks skips fires in the first minute after it; one that
the clock shows twice fires the first time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise

from babel.dates import get_day_names, get_month_names
from cron_descriptor import Options, get_description
from croniter import CroniterError, croniter

from backend.content_plans import to_instant, to_local_time
from backend.errors import Invalid
from backend.language import tr_lazy

MIN_MINUTES_APART = 15
_CHECKED_FIRES = 200
"""Fires after a common Monday that are looked at for the shortest time between two."""
_CHECKED_FROM = datetime(2024, 1, 1)
_OVERLAP = timedelta(hours=3)
"""No change of clocks is longer."""
_LOCALES = {"en": "en_US", "it": "it_IT"}


@lru_cache(maxsize=500)
def parse(line: str) -> str:
    """The line with single spaces. Raises Invalid: not five fields, never fires, or fires more often than every
    MIN_MINUTES_APART minutes."""
    fields = line.split()
    normalized = " ".join(fields)
    if len(fields) != 5:
        raise Invalid(
            tr_lazy("A cron line has five fields: minute, hour, day, month, weekday. For example 0 9 * * * for 9:00 every day.")
        )
    if set(fields[0].lower()) & set("rh"):
        raise Invalid(tr_lazy("Random and hashed fields (R, H) are not supported. Give the minutes."))
    try:
        times = croniter(normalized, _CHECKED_FROM)
        fires = [times.get_next(datetime)]
        while len(fires) < _CHECKED_FIRES:
            fires.append(times.get_next(datetime))
            if fires[-1] - fires[-2] < timedelta(minutes=MIN_MINUTES_APART):
                break
    except CroniterError as error:
        if "next date" in str(error):
            raise Invalid(
                tr_lazy("“{line}” never comes: there is no such day. Choose another one.", line=normalized[:80])
            ) from error
        raise Invalid(
            tr_lazy(
                "“{line}” is not a cron line. For example 0 9 * * 1-5 for 9:00 from Monday to Friday.",
                line=normalized[:80],
            )
        ) from error
    if any(later - earlier < timedelta(minutes=MIN_MINUTES_APART) for earlier, later in pairwise(fires)):
        raise Invalid(
            tr_lazy(
                "That is more often than every {min_minutes_apart} minutes. Choose a longer time between two runs.",
                min_minutes_apart=MIN_MINUTES_APART,
            )
        )
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
        raise Invalid(tr_lazy("“{line}” never comes again. Choose other times.", line=line[:80])) from error


def next_times(line: str, zone: str, after: datetime, n: int = 3) -> tuple[datetime, ...]:
    """The next `n` instants behind `after` at which `line` fires in `zone`. Raises Invalid, as `parse`."""
    line, times = parse(line), list[datetime]()
    while len(times) < n:
        times.append(next_fire(line, zone, times[-1] if times else after))
    return tuple(times)


def describe(line: str, language: str = "en") -> str:
    """In words: “At 09:00, Monday through Friday”. `language`: a key of LANGUAGES."""
    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = _LOCALES[language]
    text = str(get_description(line, options))
    if language == "en":
        return text
    names = _names(language)
    return re.sub(r"[A-Z][a-z]+", lambda word: names.get(word[0], word[0]), text)


@cache
def _names(language: str) -> dict[str, str]:
    """English weekdays and months, which the describer takes from the locale of the process, in another language."""
    days, months = (
        {english[n]: translated[n] for n in english}
        for english, translated in (
            (get_day_names("wide", locale="en"), get_day_names("wide", locale=language)),
            (get_month_names("wide", locale="en"), get_month_names("wide", locale=language)),
        )
    )
    return days | months
