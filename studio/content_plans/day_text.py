"""Days and times of posts, as their reader's language writes them."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, get_day_names

from backend.language import reader


def day_text(day: date) -> str:
    """“Tue 24 Nov”"""
    return format_date(day, "EEE d MMM", locale=reader().language)


def day_time_text(wall: datetime) -> str:
    """“Tue 24 Nov, 18:30”"""
    return f"{day_text(wall)}, {wall:%H:%M}"


def short_day_text(day: date) -> str:
    """“24 Nov”"""
    return format_date(day, "d MMM", locale=reader().language)


def weekdays() -> tuple[str, ...]:
    """“Mon” to “Sun”"""
    names = get_day_names("abbreviated", locale=reader().language)
    return tuple(names[n] for n in range(7))
