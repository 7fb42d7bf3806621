"""Facts about a day where the influencer lives: weekday, season, public holidays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from backend.kit.public_holidays import country_and_latitude, holidays_of_year

AHEAD_DAYS = 7
"""A holiday is mentioned so many days before it."""
_SEASONS = ("winter", "spring", "summer", "autumn")
_TROPICS = 23.5
"""Degrees of latitude: between the tropics nothing is said of seasons."""


@dataclass(frozen=True, slots=True)
class DayFacts:
    """`season` "": not known, or between the tropics. `holiday`: the public holiday on the day or soon after it, or "".

    `in_days`: until it, 0 on the day itself.
    """

    day: date
    season: str = ""
    holiday: str = ""
    in_days: int = 0

    def __str__(self) -> str:
        """“Tuesday 22 December 2026, winter, 3 days before Christmas Day”."""
        parts = [f"{self.day:%A} {self.day.day} {self.day:%B %Y}"]
        if self.season:
            parts.append(self.season)
        if self.holiday:
            days = "1 day" if self.in_days == 1 else f"{self.in_days} days"
            parts.append(f"{days} before {self.holiday}" if self.in_days else self.holiday)
        return ", ".join(parts)


def day_facts(day: date, zone: str) -> DayFacts:
    """Facts about `day` in the time zone `zone` (IANA name). A zone of no country has neither season nor holidays."""
    country, latitude = country_and_latitude(zone)
    name, in_days = _holiday(country, day)
    return DayFacts(day, _season(day, latitude), name, in_days)


def _season(day: date, latitude: float) -> str:
    """The meteorological season: it begins on the first of March, June, September and December."""
    if abs(latitude) < _TROPICS:
        return ""
    north = day.month % 12 // 3
    return _SEASONS[north if latitude > 0 else (north + 2) % 4]


def _holiday(country: str, day: date) -> tuple[str, int]:
    if not country:
        return "", 0
    for in_days in range(AHEAD_DAYS + 1):
        later = day + timedelta(days=in_days)
        if name := holidays_of_year(country, later.year).get(later):
            return name, in_days
    return "", 0
