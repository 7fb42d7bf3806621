"""How a person reads: language, zone, dates, hours, week, currency, theme, keys. Theirs in every workspace."""

from __future__ import annotations

from dataclasses import asdict, fields
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.accounts.schemas import ReadingSettings
from backend.db.tables import User
from backend.errors import Invalid
from backend.language import LANGUAGES, Reader, tr_lazy

CHOICES = {
    "language": tuple(LANGUAGES),
    "date_style": ("dmy", "mdy", "iso"),
    "hours": ("24", "12"),
    "week_start": ("mon", "sat", "sun"),
    "theme": ("light", "dark"),
    "single_keys": ("off",),
}
READING_COLUMNS = tuple(getattr(User, field.name) for field in fields(ReadingSettings))


FIRST_WEEKDAYS = {"mon": 0, "sat": 5, "sun": 6}


def reader_of(tx: Session, user_id: str | None) -> Reader:
    """For whom a message outside of pages is worded: an e-mail, a calendar, notes of a job. Costs are in dollars there."""
    row = tx.execute(select(*READING_COLUMNS).where(User.id == (user_id or ""))).first()
    return as_reader(ReadingSettings(*row)) if row else Reader()


def as_reader(reading: ReadingSettings) -> Reader:
    weekday = FIRST_WEEKDAYS.get(reading.week_start)
    return Reader(reading.language or "en", reading.zone, reading.date_style, int(reading.hours or 0), weekday)


def set_reading(tx: Session, reading: ReadingSettings) -> None:
    """Of the acting person. Raises Invalid for a value that is none of CHOICES, or an unknown time zone."""
    values = asdict(reading)
    for name, allowed in CHOICES.items():
        if values[name] and values[name] not in allowed:
            raise Invalid(tr_lazy("{name} is one of {allowed}, or empty.", name=name, allowed=", ".join(allowed)))
    if reading.zone and reading.zone not in available_timezones():
        raise Invalid(tr_lazy("Choose a time zone from the list."))
    if reading.currency and not (len(reading.currency) == 3 and reading.currency.isalpha() and reading.currency.isupper()):
        raise Invalid(tr_lazy("A currency is a code of three letters, such as EUR."))
    tx.execute(update(User).where(User.id == tx.info["user_id"]).values(**values))
