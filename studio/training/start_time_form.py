"""The choice of a start: now, tonight, or at a time, in the user's time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from backend.kit.clock import now
from backend.training import local_to_utc, next_local_time
from studio.ui.format import clock_time

NOW, TONIGHT, AT = "Now", "Tonight", "At a time"
_NIGHT = time(2, 0)


def browser_zone(fallback: str = "UTC") -> str:
    """The browser's time zone; `fallback` when it is unknown."""
    browser_value = st.context.timezone
    try:
        return str(ZoneInfo(browser_value).key) if isinstance(browser_value, str) and browser_value else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback


def start_time_field(key: str, *, zone: str, disabled: bool = False, label: str = "When should it start?") -> datetime | None:
    """Draws the choice; returns the moment it may start (aware), or None for now."""
    local_now = now().astimezone(ZoneInfo(zone))
    proposed = st.session_state.setdefault(
        f"{key}:first", (local_now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    )
    day, at = local_now.date(), _NIGHT
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        mode = st.segmented_control(label, [NOW, TONIGHT, AT], default=NOW, key=f"{key}:when", disabled=disabled, required=True)
        if mode == AT:
            last = day + timedelta(days=29)
            initial_day = max(proposed.date(), day)
            day = st.date_input(
                "Day",
                initial_day,
                format="DD/MM/YYYY",
                key=f"{key}:day",
                min_value=day,
                max_value=last,
                width=150,
                disabled=disabled,
            )
        if mode in (TONIGHT, AT):
            initial_time = _NIGHT if mode == TONIGHT else proposed.time()
            at = st.time_input("Time", initial_time, key=f"{key}:time:{mode}", step=900, width=120, disabled=disabled)
    if mode not in (TONIGHT, AT):
        return None
    moment = next_local_time(now(), zone, at) if mode == TONIGHT else local_to_utc(day, at, zone)
    if moment <= now():
        st.caption("That time is over: it starts as soon as it is its turn.")
        return None
    st.caption(
        f"Not before {clock_time(moment, zone)}, {zone.replace('_', ' ')} time. Until then it can be changed or started."
    )
    return moment
