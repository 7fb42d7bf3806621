"""Dialogs of the calendar: new plans from a click or a chosen range, and shifting many plans at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import streamlit as st

from backend import content_plans
from backend.channels import ChannelCard
from backend.content_plans import PlanDraft, PlanFilters, PostState, VariantDraft
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from studio.content_plans import bulk_dialog
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.format import count, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import queue_toast

DateRange = tuple[datetime, datetime, bool]
MAX_DAYS = 62


def open_dialog(
    page: Page,
    influencer_cards: Sequence[InfluencerCard],
    channel_cards: Sequence[ChannelCard],
    *,
    influencer: str,
    zone: str,
    chosen: DateRange | None,
) -> None:
    """Opens the dialog. `chosen`: (from, to (not included), whole days); None: no date yet."""

    @st.dialog("New plan", width="medium")
    def question() -> None:
        cards_by_id = {card.id: card for card in influencer_cards}
        start = list(cards_by_id).index(
            influencer or current_influencer.current_influencer_id(list(cards_by_id)) or next(iter(cards_by_id))
        )
        influencer_id = st.selectbox(
            "Influencer",
            list(cards_by_id),
            index=start,
            format_func=lambda influencer_id: cards_by_id[influencer_id].name,
            key="plan_new:who",
        )
        current_influencer.set_current_influencer(influencer_id)
        if chosen and (n := _day_count(chosen)) > 1 and _wants_written_posts():
            bulk_dialog.body(page, cards_by_id[influencer_id], first=chosen[0].date(), days=n)
            return
        channel_names = {channel.id: channel.label for channel in channel_cards if channel.influencer_id == influencer_id}
        with st.form("plan_new", border=False):
            topic = st.text_input("Topic", max_chars=300, placeholder="What is it about?")
            channel_ids = st.multiselect(
                "Channels",
                list(channel_names),
                default=list(channel_names),
                format_func=lambda channel_id: channel_names[channel_id],
            )
            days, clock = _dates(chosen)
            free = st.checkbox("At the next free slots instead", help="The recurring times in the influencer's rules.")
            st.caption(f"Times are by the clocks of {cards_by_id[influencer_id].time_zone}.")
            pressed = st.form_submit_button("Plan it", type="primary", shortcut="Ctrl+Enter")
        if not channel_names:
            st.caption("No channel yet: the plan is kept as an idea. Connect an account on the Channels page.")
        if pressed:
            _create_plans(page, cards_by_id[influencer_id], topic, channel_ids, days, clock, free=free)

    question()


def _day_count(chosen: DateRange) -> int:
    """How many whole days were chosen; 0: a time of day."""
    return max(1, (chosen[1] - chosen[0]).days) if chosen[2] else 0


def _wants_written_posts() -> bool:
    """For several days: whether the studio should write and illustrate the posts."""
    choices = {"drafts": "Empty drafts", "written": "Written and illustrated"}
    choice = st.segmented_control(
        "Fill them with", list(choices), default="drafts", format_func=choices.__getitem__, key="plan_new:way", required=True
    )
    return choice == "written"


def _dates(chosen: DateRange | None) -> tuple[list[datetime], time | None]:
    """(days to plan, time of day); no days: a plan without a date."""
    if chosen is None:
        left, right = st.columns(2)
        day = left.date_input("Day", value=None, min_value=now().date(), format="DD/MM/YYYY")
        clock = right.time_input("Time", value=time(18), step=300)
        return ([datetime.combine(day, time())] if day else []), clock
    first, last, whole = chosen
    n = max(1, (last - first).days) if whole else 1
    days = [datetime.combine(first.date(), time()) + timedelta(days=i) for i in range(min(n, MAX_DAYS))]
    st.markdown(
        f"**{first:%A %-d %B}**"
        if n == 1
        else f"**{first:%-d %b} to {days[-1]:%-d %b}**, one draft a day: {count(len(days), 'plan')}"
    )
    return days, st.time_input("Time", value=time(18) if whole else first.time(), step=300)


def _create_plans(
    page: Page,
    influencer: InfluencerCard,
    topic: str,
    channel_ids: Sequence[str],
    days: Sequence[datetime],
    clock: time | None,
    *,
    free: bool,
) -> None:
    key = request_key("plan_new")
    variants = tuple(VariantDraft(channel_id=channel_id) for channel_id in channel_ids)
    try:
        with page.transaction(needs="editor") as tx:
            local_times: list[datetime | None] = [datetime.combine(day, clock or time(18)) for day in days] or [None]
            if free:
                free_times = content_plans.next_free_times(tx, influencer.id, zone=influencer.time_zone, n=max(1, len(days)))
                if not free_times:
                    st.error(
                        f"{plain(influencer.name)} has no free slot. Add recurring times under Rules.", icon=":material/error:"
                    )
                    return
                local_times = list(free_times)
            draft = PlanDraft(influencer_id=influencer.id, topic=topic, variants=variants)
            plans = [
                content_plans.create(tx, draft.model_copy(update={"wall": local_time}), request_key=f"{key}:{n}")
                for n, local_time in enumerate(local_times)
            ]
    except StudioError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    renew_request_key("plan_new")
    if len(plans) == 1:
        page.go("calendar/calendar", id=plans[0].id)
    queue_toast(f"{count(len(plans), 'draft')} planned.")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    st.rerun()


def shift_form(page: Page, influencer: str) -> None:
    """Shifts all future plans, of one influencer or ("") of all, by the same step; with undo."""
    with st.form("calendar:shift", border=False):
        st.caption("Moves every plan from the day on that is not out yet." + ("" if influencer else " Of all influencers."))
        start = st.date_input("From", value=now().date(), format="DD/MM/YYYY")
        days = st.number_input("Days", -365, 365, 1)
        hours = st.number_input("Hours", -23, 23, 0)
        pressed = st.form_submit_button("Shift them")
    if pressed:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                filters = PlanFilters(influencer_id=influencer, first=start, when="dated", states=_SHIFTABLE)
                ids = [card.id for card in content_plans.page(tx, filters, take=content_plans.MAX_PLANS_AT_ONCE).cards]
                entry, outcome = content_plans.shift(tx, ids, days=int(days), minutes=int(hours) * 60)
            reasons = " ".join(dict.fromkeys(outcome.refused.values()))
            if entry is None:
                st.info(plain(reasons or "There is nothing to shift from this day on."))
                return
            st.session_state["calendar:act"] = (entry.id, entry.said)
            st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
            st.success(
                plain(entry.said + (f" {count(len(outcome.refused), 'plan')} stayed: {reasons}" if outcome.refused else ""))
            )
    if last_shift := st.session_state.get("calendar:act"):
        st.button(
            f"Undo: {plain(last_shift[1])}",
            icon=":material/undo:",
            on_click=_undo,
            args=(page, last_shift[0]),
            key="calendar:undo",
        )


_SHIFTABLE = (PostState.DRAFT, PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED, PostState.ON_HOLD)


def _undo(page: Page, act_id: str) -> None:
    st.session_state.pop("calendar:act", None)
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    try:
        with page.transaction(needs="editor") as tx:
            content_plans.undo(tx, act_id)
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")
