"""In which country a time zone lies, and the public holidays of a country.

Country and latitude come from the time zone's row in the IANA table (`zone.tab` of the `tzdata` package), holidays from the
`holidays` package, which is imported with the first country that is asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def countries() -> Mapping[str, str]:
    """ISO 3166 code -> English name, of the countries whose holidays are known, by name."""
    import holidays

    names = _country_names()
    supported = {code: names[code] for code in holidays.list_supported_countries(include_aliases=False) if code in names}
    return dict(sorted(supported.items(), key=lambda country: country[1]))


@lru_cache(maxsize=256)
def holidays_of_year(country: str, year: int) -> Mapping[date, str]:
    """Day -> its name in English. Empty for a country that is not known."""
    import holidays

    try:
        with warnings.catch_warnings():  # the package warns about years whose movable feasts it does not know yet
            warnings.simplefilter("ignore")
            return dict(holidays.country_holidays(country, years=year, observed=False, language="en_US").items())
    except NotImplementedError:
        return {}


def country_and_latitude(zone: str) -> tuple[str, float]:
    """(ISO 3166 code, degrees of latitude) of an IANA zone; ("", 0.0) for a zone of no country."""
    return _zone_table().get(zone, ("", 0.0))


def country_of(zone: str) -> str:
    """ISO 3166 code of an IANA zone; "" for a zone of no country."""
    return country_and_latitude(zone)[0]


@lru_cache(maxsize=1)
def _zone_table() -> dict[str, tuple[str, float]]:
    zones: dict[str, tuple[str, float]] = {}
    for country, coordinates, zone in _rows("zone.tab", 3):
        zones[zone] = country, _degrees(coordinates)
    return zones


def _country_names() -> dict[str, str]:
    return {code: name for code, name in _rows("iso3166.tab", 2)}


def _rows(table: str, columns: int) -> list[list[str]]:
    lines = (files("tzdata") / "zoneinfo" / table).read_text().splitlines()
    return [line.split("\t")[:columns] for line in lines if line and not line.startswith("#")]


def _degrees(coordinates: str) -> float:
    """Latitude of ISO 6709 `±DDMM±DDDMM` or `±DDMMSS±DDDMMSS`."""
    end = max(coordinates.rfind("+"), coordinates.rfind("-"))
    sign, digits = (-1 if coordinates[0] == "-" else 1), coordinates[1:end]
    return sign * (int(digits[:2]) + int(digits[2:4]) / 60)
