"""The weekdays of recurring times, as their reader's language writes them."""

from __future__ import annotations

from babel.dates import get_day_names

from backend.language import reader


def weekdays() -> tuple[str, ...]:
    """“Mon” to “Sun”"""
    names = get_day_names("abbreviated", locale=reader().language)
    return tuple(names[n] for n in range(7))
