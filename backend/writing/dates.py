"""Facts about a day where the influencer lives: weekday, season, public holidays. Pure.

Country and hemisphere come from the time zone's row in the IANA table (`zone.tab` of the `tzdata` package), holidays from the
`holidays` package.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files

import holidays

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
    country, latitude = _country_and_latitude(zone)
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
        if name := _holidays_of_year(country, later.year).get(later):
            return name, in_days
    return "", 0


@lru_cache(maxsize=64)
def _holidays_of_year(country: str, year: int) -> dict[date, str]:
    try:
        with warnings.catch_warnings():  # the package warns about years whose movable feasts it does not know yet
            warnings.simplefilter("ignore")
            return dict(holidays.country_holidays(country, years=year, observed=False, language="en_US").items())
    except NotImplementedError:  # the package does not know this country
        return {}


@lru_cache(maxsize=1)
def _zone_table() -> dict[str, tuple[str, float]]:
    """IANA zone -> (ISO 3166 country, latitude in degrees)."""
    zones: dict[str, tuple[str, float]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            country, coordinates, zone, *_ = line.split("\t")
            zones[zone] = country, _degrees(coordinates)
    return zones


def _country_and_latitude(zone: str) -> tuple[str, float]:
    return _zone_table().get(zone, ("", 0.0))


def _degrees(coordinates: str) -> float:
    """Latitude of ISO 6709 `±DDMM±DDDMM` or `±DDMMSS±DDDMMSS`."""
    end = max(coordinates.rfind("+"), coordinates.rfind("-"))
    sign, digits = (-1 if coordinates[0] == "-" else 1), coordinates[1:end]
    return sign * (int(digits[:2]) + int(digits[2:4]) / 60)
