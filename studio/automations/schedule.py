"""Cron lines as people choose them: every day, on weekdays, every week, every month. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Literal

from backend.language import tr_lazy

PresetKind = Literal["day", "weekdays", "week", "month", "custom"]
PRESET_LABELS: dict[PresetKind, str] = {
    "day": tr_lazy("Every day"),
    "weekdays": tr_lazy("Monday to Friday"),
    "week": tr_lazy("Every week"),
    "month": tr_lazy("Every month"),
    "custom": tr_lazy("Cron line"),
}
LAST_DAY = 28
"""Of a month, that every month has."""
_NUMBERS = re.compile(r"(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|1-5|[0-6])")


@dataclass(frozen=True, slots=True)
class Preset:
    """`weekday`: 0 is Monday. `day`: of the month. `line`: as it was written, for `custom`."""

    kind: PresetKind
    at: time = time(9, 0)
    weekday: int = 0
    day: int = 1
    line: str = ""


def preset_of(line: str) -> Preset:
    """How a form shows a cron line; `custom` where no preset says the same."""
    fields = _NUMBERS.fullmatch(line)
    custom = Preset("custom", line=line)
    if not fields or int(fields[1]) > 59 or int(fields[2]) > 23:
        return custom
    at, day, weekday = time(int(fields[2]), int(fields[1])), fields[3], fields[4]
    if day == "*":
        if weekday == "*":
            return Preset("day", at)
        return Preset("weekdays", at) if weekday == "1-5" else Preset("week", at, weekday=(int(weekday) - 1) % 7)
    if weekday == "*" and 1 <= int(day) <= LAST_DAY:
        return Preset("month", at, day=int(day))
    return custom


def cron_line(preset: Preset) -> str:
    """The other way."""
    clock = f"{preset.at.minute} {preset.at.hour}"
    match preset.kind:
        case "day":
            return f"{clock} * * *"
        case "weekdays":
            return f"{clock} * * 1-5"
        case "week":
            return f"{clock} * * {(preset.weekday + 1) % 7}"
        case "month":
            return f"{clock} {preset.day} * *"
        case _:
            return preset.line
