"""Durations and sizes as people write them into settings: `7d`, `100MB`. Pure."""

from __future__ import annotations

import re

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


def seconds(value: object) -> float:
    """`900`, `15m`, `12h` or `7d` in seconds. Raises ValueError with a sentence."""
    return _scaled(str(value), _SECONDS, "a time like 900 (seconds), 15m, 12h or 7d")


def byte_count(value: object) -> int:
    """`104857600`, `100MB` or `4 GB` in bytes; a KB has 1,024. Raises ValueError with a sentence."""
    return int(_scaled(str(value), _BYTES, "a size like 104857600 (bytes), 100MB or 4GB"))


def _scaled(text: str, units: dict[str, int], form: str) -> float:
    match = _QUANTITY.fullmatch(text)
    unit = units.get(match[2].lower()) if match else None
    if match is None or unit is None or float(match[1]) <= 0:
        raise ValueError(f"Give {form}.")
    return float(match[1]) * unit
