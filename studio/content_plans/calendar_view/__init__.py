"""The calendar: month, week and list on vendored FullCalendar 6, a board of stages, and the preview of a profile's grid. It
reads and moves over /api, and wakes Python to open a post or a dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from studio.ui.browser_component import ignore, load

_component = load(__file__, "calendar")
STAMP = "calendar:stamp"
"""Key of the session: a number that rises when posts were changed by the page."""
LIBRARY = "/assets/vendor/fullcalendar-6.1.21.min.js"


@dataclass(frozen=True, slots=True)
class ChosenTime:
    """Local times of `zone`, which the calendar showed, `end` not included. `whole_days`: no time of day was chosen.
    `influencer_id`: whose free time it is; "": any time."""

    start: datetime
    end: datetime
    whole_days: bool
    influencer_id: str = ""
    zone: str = ""

    @property
    def days(self) -> int:
        return max(1, (self.end - self.start).days) if self.whole_days else 1


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Each is set in one run only. `opened`: a plan; `chosen`: a time or days for something new; `dialog`: name of a dialog."""

    opened: str | None = None
    chosen: ChosenTime | None = None
    dialog: str | None = None


def calendar(
    key: str,
    *,
    workspace: str,
    zone: str,
    can_edit: bool,
    influencer: str,
    influencers: Sequence[tuple[str, str]],
    channels: Sequence[tuple[str, str, str]],
    campaigns: Sequence[tuple[str, str]],
    states: Mapping[str, str],
    platforms: Mapping[str, str],
    view: str,
    stamp: str,
) -> CalendarEvent:
    """`influencer`: whose posts are shown, "" for all; `influencers`, `campaigns`: (id, name), `channels`: (id, label,
    influencer's id); `states`: state -> label; `platforms`: platform -> short name; `view`: the one to begin with, "" for the
    one that was left; a new `stamp` reloads the entries."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "zone": zone,
        "canEdit": can_edit,
        "influencer": influencer,
        "influencers": [list(pair) for pair in influencers],
        "channels": [list(triple) for triple in channels],
        "campaigns": [list(pair) for pair in campaigns],
        "states": dict(states),
        "platforms": dict(platforms),
        "view": view,
        "stamp": stamp,
        "lib": LIBRARY,
    }
    result = _component(key=key, data=data, on_opened_change=ignore, on_chosen_change=ignore, on_asked_change=ignore)
    opened, chosen, dialog = result.get("opened"), result.get("chosen"), result.get("asked")
    return CalendarEvent(
        opened=str(opened["id"]) if opened else None,
        chosen=_chosen_time(chosen) if chosen else None,
        dialog=str(dialog["name"]) if dialog else None,
    )


def refresh_calendar() -> None:
    """Makes the calendar read its posts again in the next run."""
    st.session_state[STAMP] = st.session_state.get(STAMP, 0) + 1


def _chosen_time(chosen: Mapping[str, Any]) -> ChosenTime:
    start, end = (datetime.fromisoformat(chosen[name]).replace(tzinfo=None) for name in ("start", "end"))
    return ChosenTime(start, end, bool(chosen["days"]), str(chosen.get("influencer") or ""), str(chosen["zone"]))
