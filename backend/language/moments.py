"""Days and times as people write them."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal

from backend.language.reader import Reader, reader

Form = Literal["date", "day", "weekday", "moment", "time", "seconds"]
_PATTERNS = {
    "dmy": {"date": "d MMM y", "day": "d MMM", "weekday": "EEE d MMM"},
    "mdy": {"date": "MMM d, y", "day": "MMM d", "weekday": "EEE, MMM d"},
    "iso": {"date": "yyyy-MM-dd", "day": "MM-dd", "weekday": "EEE MM-dd"},
}
"""As Babel writes them: with the year, without, and with the day of the week."""
ENGLISH: dict[Form, str] = {
    "date": "{:%-d %b %Y}",
    "day": "{:%-d %b}",
    "weekday": "{:%a %-d %b}",
    "time": "{:%H:%M}",
    "seconds": "{:%H:%M:%S}",
    "moment": "{:%a %-d %b, %H:%M}",
}
"""As the API writes them."""


def written(at: date | time, form: Form, person: Reader | None = None) -> str:
    """A day or a time of the clock as `person` (None: who reads) writes it. No time zone is changed."""
    from babel.dates import format_date, format_time  # late: 50 ms, and child processes raise messages without wording them

    person = person or reader()
    if form == "moment":
        return f"{written(at, 'weekday', person)}, {written(at, 'time', person)}"
    if form in ("time", "seconds"):
        assert isinstance(at, datetime | time)
        pattern = ("h:mm{} a" if person.hours == 12 else "HH:mm{}").format(":ss" if form == "seconds" else "")
        return format_time(at.replace(tzinfo=None), pattern, locale=person.language)
    assert isinstance(at, date)
    return format_date(at, _PATTERNS[person.date_style or "dmy"][form], locale=person.language)
