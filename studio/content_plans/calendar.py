"""The calendar page: filters, the calendar itself, planning a range, the switches and rules beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from backend import bulk_planning, channels, content_plans, influencers
from backend.channels import ChannelCard
from backend.content_plans import STATE_LABELS, PlanFilters
from backend.influencers import InfluencerCard
from studio.components.calendar import calendar
from studio.content_plans import bulk_dialog, plan, plan_new, plan_series, posting_rules
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.toasts import show_queued_toasts
from studio.ui.undo_notice import draw_notice_bar

_STATES = {state.value: word for state, word in STATE_LABELS.items()}
Toolbar = tuple[str, dict[str, str], str]


def show(page: Page) -> None:
    show_queued_toasts()
    draw_notice_bar(page)
    with page.transaction() as tx:
        people = influencers.page(tx, take=200).cards
        accounts = channels.of(tx)
        stopped = content_plans.workspace_paused(tx)
    if not people:
        card = empty_state(
            "Nobody to plan for yet", "Make an influencer first, then plan what they post.", icon=":material/face_3:"
        )
        if page.can_edit and card.button("New influencer", type="primary"):
            page.go("start/wizard")
        return
    if stopped:
        st.warning("Publishing is stopped for the whole workspace: nothing goes out.", icon=":material/front_hand:")
    influencer, filters, zone = _toolbar(page, people, accounts)
    if influencer:
        _gaps(page, influencer)
    moved = plan_series.show(page, influencer)
    _nothing_yet(page, people, influencer)
    said = calendar(
        "calendar",
        workspace=page.workspace.id,
        zone=zone,
        can_edit=page.can_edit,
        influencers=[(one.id, one.name) for one in people],
        states=_STATES,
        colour_by=st.session_state.get("calendar:colours", "influencer"),
        stamp=f"{st.session_state.get('calendar:stamp', 0)}:{moved}",
        filters=filters,
    )
    _help()
    if said.opened:
        plan.dialog(page, said.opened)
    if said.chosen and page.can_edit:
        plan_new.ask(page, people, accounts, influencer=influencer, zone=zone, chosen=said.chosen)


def _toolbar(page: Page, people: Sequence[InfluencerCard], accounts: Sequence[ChannelCard]) -> Toolbar:
    """One row: what to make, whose posts, and the rest folded away. Returns (influencer, filters as the API knows them,
    zone)."""
    names = {one.id: one.name for one in people}
    with st.container(horizontal=True, vertical_alignment="center", key="calendar-bar"):
        make = st.container(horizontal=True, width="content")
        wish = st.query_params.get("influencer", "")
        at = list(names).index(wish) + 1 if wish in names else 0
        influencer = (
            st.selectbox(
                "Influencer",
                ["", *names],
                at,
                format_func=lambda one: names.get(one, "All influencers"),
                key="calendar:influencer",
                width=190,
                label_visibility="collapsed",
            )
            or ""
        )
        filters = _filter(accounts, influencer)
        zone = _zone(people, influencer)
        if page.can_edit:
            with make:
                _make(page, people, accounts, influencer, zone)
            with st.popover("Shift", icon=":material/move_down:"):
                plan_new.shift_form(page, influencer)
        if influencer:
            with st.popover("Rules", icon=":material/rule:"):
                posting_rules.form(page, influencer)
        if page.can_edit:
            with st.popover("Stop", icon=":material/front_hand:"):
                posting_rules.switches(page, people)
        with st.popover(zone, icon=":material/schedule:"):
            zones = list(dict.fromkeys([zone, *(one.time_zone for one in people), *influencers.time_zones()]))
            st.selectbox("Times are shown by the clocks of", zones, key=f"calendar:zone:{influencer}")
    return influencer, filters, zone


def _make(page: Page, people: Sequence[InfluencerCard], accounts: Sequence[ChannelCard], influencer: str, zone: str) -> None:
    if st.button("New plan", icon=":material/add:", type="primary"):
        plan_new.ask(page, people, accounts, influencer=influencer, zone=zone, chosen=None)
    if st.button("Plan days", icon=":material/auto_awesome:"):
        bulk_dialog.ask(page, people, influencer=influencer)


def _filter(accounts: Sequence[ChannelCard], influencer: str) -> dict[str, str]:
    """As the API knows them, and what the colours mean. The button says how many of them are chosen."""
    theirs = {one.id: one.label for one in accounts if influencer in ("", one.influencer_id)}
    keys = f"calendar:channel:{influencer}", "calendar:state", "calendar:below"
    chosen = sum(bool(st.session_state.get(one)) for one in keys)
    with st.popover(f"Filter ({chosen})" if chosen else "Filter", icon=":material/filter_list:", key="calendar-filter"):
        channel = st.selectbox("Channel", ["", *theirs], format_func=lambda one: theirs.get(one, "All"), key=keys[0])
        state = st.selectbox("State", ["", *_STATES], format_func=lambda one: _STATES.get(one, "All"), key=keys[1])
        below = st.checkbox("Face match below the threshold", key=keys[2])
        st.segmented_control(
            "Colours",
            ["influencer", "state"],
            format_func=str.capitalize,
            default="influencer",
            required=True,
            key="calendar:colours",
        )
    found = {"influencer": influencer, "channel": channel, "status": state, "face": "below" if below else ""}
    return {name: value for name, value in found.items() if value}


def _zone(people: Sequence[InfluencerCard], influencer: str) -> str:
    """Whose clock the calendar shows: the influencer's, the one all of them share, else this browser's."""
    shown = {one.time_zone for one in people if influencer in ("", one.id)}
    mine = st.context.timezone
    known = influencers.time_zones()
    usual = next(iter(shown)) if len(shown) == 1 else mine if isinstance(mine, str) and mine in known else "UTC"
    zones = list(dict.fromkeys([usual, *sorted(shown), *known]))
    return st.session_state.get(f"calendar:zone:{influencer}") or zones[0]


def _nothing_yet(page: Page, people: Sequence[InfluencerCard], influencer: str) -> None:
    """For who comes here the first time."""
    with page.transaction() as tx:
        any_ = content_plans.page(tx, PlanFilters(influencer_id=influencer), take=1).cards
        series = bulk_planning.latest_series(tx, influencer)
    if any_ or not page.can_edit or (series and not series.job.ended):
        return
    card = empty_state(
        "Nothing is planned yet",
        "Have a week written and illustrated in your influencer's voice, look at it, approve it. Or plan one post by hand.",
        icon=":material/calendar_add_on:",
    )
    if card.button("Plan a week", type="primary", icon=":material/auto_awesome:", key="empty:week"):
        bulk_dialog.ask(page, people, influencer=influencer)


def _gaps(page: Page, influencer: str) -> None:
    today = datetime.now(UTC).date()
    with page.transaction() as tx:
        runs = content_plans.empty_days(tx, influencer, today, today + timedelta(days=27), least=3)
    if runs:
        said = ", ".join(f"{start:%-d %b}–{end:%-d %b}" if start != end else f"{start:%-d %b}" for start, end in runs[:4])
        st.caption(f":material/event_busy: Nothing planned on {said}.")


def _help() -> None:
    st.caption(
        "Drag to move, or press M on a plan for a menu; arrow keys go from plan to plan, Enter opens. "
        "Drag over empty days to plan them."
    )
