"""The calendar page: toolbar with filters, rules and stop switches, the newest series, and the calendar itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from backend import bulk_planning, channels, content_plans, influencers
from backend.channels import ChannelCard
from backend.content_plans import STATE_LABELS, PlanFilters
from backend.influencers import InfluencerCard
from backend.platforms.registry import PLATFORMS
from studio.content_plans import bulk_dialog, composer, plan_new, plan_series, posting_rules
from studio.content_plans.calendar_view import calendar
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.notices import draw_notice_bar, show_queued_toasts

_STATES = {state.value: word for state, word in STATE_LABELS.items()}
_PLATFORM_NAMES = {name: platform.short_name for name, platform in PLATFORMS.items()}
Toolbar = tuple[str, dict[str, str], str]


def show(page: Page) -> None:
    show_queued_toasts()
    draw_notice_bar(page)
    with page.transaction() as tx:
        influencer_cards = influencers.page(tx, take=200).cards
        channel_cards = channels.of(tx)
        is_paused = content_plans.workspace_paused(tx)
    if not influencer_cards:
        card = empty_state(
            "Nobody to plan for yet", "Make an influencer first, then plan what they post.", icon=":material/face_3:"
        )
        if page.can_edit and card.button("New influencer", type="primary"):
            page.go("influencers/wizard")
        return
    if is_paused:
        st.warning("Publishing is stopped for the whole workspace: nothing goes out.", icon=":material/front_hand:")
    influencer, filters, zone = _toolbar(page, influencer_cards, channel_cards)
    if influencer:
        _empty_days(page, influencer)
    moved = plan_series.show(page, influencer)
    _empty_calendar(page, influencer_cards, influencer)
    clicked = calendar(
        "calendar",
        workspace=page.workspace.id,
        zone=zone,
        can_edit=page.can_edit,
        influencers=[(card.id, card.name) for card in influencer_cards],
        states=_STATES,
        platforms=_PLATFORM_NAMES,
        colour_by=st.session_state.get("calendar:colours", "influencer"),
        stamp=f"{st.session_state.get('calendar:stamp', 0)}:{moved}",
        filters=filters,
    )
    _help()
    if clicked.opened:
        composer.open_panel(page, clicked.opened)
    if clicked.chosen and page.can_edit:
        plan_new.open_dialog(page, influencer_cards, channel_cards, influencer=influencer, zone=zone, chosen=clicked.chosen)


def _toolbar(page: Page, influencer_cards: Sequence[InfluencerCard], channel_cards: Sequence[ChannelCard]) -> Toolbar:
    """One row: new plans, the influencer, and popovers. Returns (influencer id or "", filters by API name, time zone)."""
    names_by_id = {card.id: card.name for card in influencer_cards}
    with st.container(horizontal=True, vertical_alignment="center", key="calendar-bar"):
        new_buttons = st.container(horizontal=True, width="content")
        requested = st.query_params.get("influencer", "")
        index = list(names_by_id).index(requested) + 1 if requested in names_by_id else 0
        influencer = (
            st.selectbox(
                "Influencer",
                ["", *names_by_id],
                index,
                format_func=lambda influencer_id: names_by_id.get(influencer_id, "All influencers"),
                key="calendar:influencer",
                width=190,
                label_visibility="collapsed",
            )
            or ""
        )
        filters = _filter_popover(channel_cards, influencer)
        zone = _zone(influencer_cards, influencer)
        if page.can_edit:
            with new_buttons:
                _new_buttons(page, influencer_cards, channel_cards, influencer, zone)
            with st.popover("Shift", icon=":material/move_down:"):
                plan_new.shift_form(page, influencer)
        if influencer:
            with st.popover("Rules", icon=":material/rule:"):
                posting_rules.form(page, influencer)
        if page.can_edit:
            with st.popover("Stop", icon=":material/front_hand:"):
                posting_rules.switches(page, influencer_cards)
        with st.popover(zone, icon=":material/schedule:"):
            zones = list(dict.fromkeys([zone, *(card.time_zone for card in influencer_cards), *influencers.time_zones()]))
            st.selectbox("Times are shown by the clocks of", zones, key=f"calendar:zone:{influencer}")
    return influencer, filters, zone


def _new_buttons(
    page: Page, influencer_cards: Sequence[InfluencerCard], channel_cards: Sequence[ChannelCard], influencer: str, zone: str
) -> None:
    if st.button("New plan", icon=":material/add:", type="primary"):
        plan_new.open_dialog(page, influencer_cards, channel_cards, influencer=influencer, zone=zone, chosen=None)
    if st.button("Plan days", icon=":material/auto_awesome:"):
        bulk_dialog.open_dialog(page, influencer_cards, influencer=influencer)


def _filter_popover(channel_cards: Sequence[ChannelCard], influencer: str) -> dict[str, str]:
    """Filters by API name, empty ones left out. The popover also holds the choice of colours; its button counts the filters."""
    channel_names = {channel.id: channel.label for channel in channel_cards if influencer in ("", channel.influencer_id)}
    keys = f"calendar:channel:{influencer}", "calendar:state", "calendar:below"
    chosen = sum(bool(st.session_state.get(key)) for key in keys)
    with st.popover(f"Filter ({chosen})" if chosen else "Filter", icon=":material/filter_list:", key="calendar-filter"):
        channel = st.selectbox(
            "Channel", ["", *channel_names], format_func=lambda channel_id: channel_names.get(channel_id, "All"), key=keys[0]
        )
        state = st.selectbox("State", ["", *_STATES], format_func=lambda state: _STATES.get(state, "All"), key=keys[1])
        below_threshold = st.checkbox("Face match below the threshold", key=keys[2])
        st.segmented_control(
            "Colours",
            ["influencer", "state"],
            format_func=str.capitalize,
            default="influencer",
            required=True,
            key="calendar:colours",
        )
    filters = {"influencer": influencer, "channel": channel, "status": state, "face": "below" if below_threshold else ""}
    return {name: value for name, value in filters.items() if value}


def _zone(influencer_cards: Sequence[InfluencerCard], influencer: str) -> str:
    """The time zone the calendar shows: the influencer's, the one that all of them share, else this browser's, else UTC."""
    used_zones = {card.time_zone for card in influencer_cards if influencer in ("", card.id)}
    browser_zone = st.context.timezone
    all_zones = influencers.time_zones()
    default_zone = (
        next(iter(used_zones))
        if len(used_zones) == 1
        else browser_zone
        if isinstance(browser_zone, str) and browser_zone in all_zones
        else "UTC"
    )
    zones = list(dict.fromkeys([default_zone, *sorted(used_zones), *all_zones]))
    return st.session_state.get(f"calendar:zone:{influencer}") or zones[0]


def _empty_calendar(page: Page, influencer_cards: Sequence[InfluencerCard], influencer: str) -> None:
    """An invitation to plan something, while there is no plan."""
    with page.transaction() as tx:
        plans = content_plans.page(tx, PlanFilters(influencer_id=influencer), take=1).cards
        series = bulk_planning.latest_series(tx, influencer)
    if plans or not page.can_edit or (series and not series.job.ended):
        return
    card = empty_state(
        "Nothing is planned yet",
        "Have a week written and illustrated in your influencer's voice, look at it, approve it. Or plan one post by hand.",
        icon=":material/calendar_add_on:",
    )
    if card.button("Plan a week", type="primary", icon=":material/auto_awesome:", key="empty:week"):
        bulk_dialog.open_dialog(page, influencer_cards, influencer=influencer)


def _empty_days(page: Page, influencer: str) -> None:
    today = datetime.now(UTC).date()
    with page.transaction() as tx:
        empty_runs = content_plans.empty_days(tx, influencer, today, today + timedelta(days=27), least=3)
    if empty_runs:
        ranges = ", ".join(
            f"{start:%-d %b}–{end:%-d %b}" if start != end else f"{start:%-d %b}" for start, end in empty_runs[:4]
        )
        st.caption(f":material/event_busy: Nothing planned on {ranges}.")


def _help() -> None:
    st.caption(
        "Drag to move, or press M on a plan for a menu; arrow keys go from plan to plan, Enter opens. "
        "Drag over empty days to plan them."
    )
