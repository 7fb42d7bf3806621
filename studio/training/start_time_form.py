"""When something starts: now, tonight, or at a time, by the clocks of the person who asks."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from backend.kit.clock import now
from backend.training import at_wall, tonight
from studio.ui.format import clock

NOW, TONIGHT, AT = "Now", "Tonight", "At a time"
_NIGHT = time(2, 0)


def zone(fallback: str = "UTC") -> str:
    """Of the browser; where that is not told, `fallback` (the influencer's)."""
    told = st.context.timezone
    try:
        return str(ZoneInfo(told).key) if isinstance(told, str) and told else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback


def start_time(key: str, *, zone: str, disabled: bool = False, label: str = "When should it start?") -> datetime | None:
    """The moment it may start (aware), None: now. Draws one line of widgets."""
    there = now().astimezone(ZoneInfo(zone))
    first = st.session_state.setdefault(f"{key}:first", (there + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0))
    day, at = there.date(), _NIGHT
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        when = st.segmented_control(label, [NOW, TONIGHT, AT], default=NOW, key=f"{key}:when", disabled=disabled, required=True)
        if when == AT:
            last = day + timedelta(days=29)
            shown = max(first.date(), day)
            day = st.date_input(
                "Day", shown, format="DD/MM/YYYY", key=f"{key}:day", min_value=day, max_value=last, width=150, disabled=disabled
            )
        if when in (TONIGHT, AT):
            usual = _NIGHT if when == TONIGHT else first.time()
            at = st.time_input("Time", usual, key=f"{key}:time:{when}", step=900, width=120, disabled=disabled)
    if when not in (TONIGHT, AT):
        return None
    found = tonight(now(), zone, at) if when == TONIGHT else at_wall(day, at, zone)
    if found <= now():
        st.caption("That time is over: it starts as soon as it is its turn.")
        return None
    st.caption(f"Not before {clock(found, zone)}, {zone.replace('_', ' ')} time. Until then it can be changed or started.")
    return found
