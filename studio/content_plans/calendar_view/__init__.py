"""The calendar: month, week and list on vendored FullCalendar 6; moves and undoes over /api, wakes Python to open and plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studio.ui.browser_component import ignore, load

_component = load(__file__, "calendar")
LIBRARY = "/assets/vendor/fullcalendar-6.1.21.min.js"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Each is set in one run only. `opened`: a plan; `chosen`: local times in the calendar's zone, the end exclusive."""

    opened: str | None = None
    chosen: tuple[datetime, datetime, bool] | None = None
    """(from, to, whole days)"""


def calendar(
    key: str,
    *,
    workspace: str,
    zone: str,
    can_edit: bool,
    influencers: Sequence[tuple[str, str]],
    states: Mapping[str, str],
    platforms: Mapping[str, str],
    colour_by: str,
    filters: Mapping[str, str],
    stamp: str,
) -> CalendarEvent:
    """`influencers`: (id, name), their order gives their colours; `states`: state -> label; `platforms`: platform ->
    short name; `colour_by`: influencer or state;
    `filters`: as the API takes them; a new `stamp` reloads the entries."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "zone": zone,
        "canEdit": can_edit,
        "influencers": [list(pair) for pair in influencers],
        "states": dict(states),
        "platforms": dict(platforms),
        "colourBy": colour_by,
        "filters": dict(filters),
        "stamp": stamp,
        "lib": LIBRARY,
    }
    result = _component(key=key, data=data, on_opened_change=ignore, on_chosen_change=ignore)
    opened, chosen = result.get("opened"), result.get("chosen")
    return CalendarEvent(
        opened=str(opened["id"]) if opened else None,
        chosen=(_local_time(chosen["start"]), _local_time(chosen["end"]), bool(chosen["days"])) if chosen else None,
    )


def _local_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
