"""New plans from a click or a chosen range, and shifting many at once: dialogs of the calendar."""

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
from studio.ui.request_key import renew_request_key, request_key
from studio.ui.toasts import queue_toast

Chosen = tuple[datetime, datetime, bool]
MOST_DAYS = 62


def ask(
    page: Page,
    people: Sequence[InfluencerCard],
    accounts: Sequence[ChannelCard],
    *,
    influencer: str,
    zone: str,
    chosen: Chosen | None,
) -> None:
    """Opens the question. `chosen`: from, to (not included), whole days; None: without a date until one is given."""

    @st.dialog("New plan", width="medium")
    def question() -> None:
        names = {one.id: one for one in people}
        start = list(names).index(influencer or current_influencer.current_influencer_id(list(names)) or next(iter(names)))
        who = st.selectbox("Influencer", list(names), index=start, format_func=lambda one: names[one].name, key="plan_new:who")
        current_influencer.set_current_influencer(who)
        if chosen and (n := _span(chosen)) > 1 and _written():
            bulk_dialog.body(page, names[who], first=chosen[0].date(), days=n)
            return
        theirs = {one.id: one.label for one in accounts if one.influencer_id == who}
        with st.form("plan_new", border=False):
            topic = st.text_input("Topic", max_chars=300, placeholder="What is it about?")
            picked = st.multiselect("Channels", list(theirs), default=list(theirs), format_func=lambda one: theirs[one])
            days, clock = _dates(chosen)
            free = st.checkbox("At the next free slots instead", help="The recurring times in the influencer's rules.")
            st.caption(f"Times are by the clocks of {names[who].time_zone}.")
            pressed = st.form_submit_button("Plan it", type="primary", shortcut="Ctrl+Enter")
        if not theirs:
            st.caption("No channel yet: the plan is kept as an idea. Connect an account on the Channels page.")
        if pressed:
            _make(page, names[who], topic, picked, days, clock, free=free)

    question()


def _span(chosen: Chosen) -> int:
    """Whole days that were chosen; 0: an hour."""
    return max(1, (chosen[1] - chosen[0]).days) if chosen[2] else 0


def _written() -> bool:
    """Of several days: whether the studio writes them."""
    ways = {"drafts": "Empty drafts", "written": "Written and illustrated"}
    way = st.segmented_control(
        "Fill them with", list(ways), default="drafts", format_func=ways.__getitem__, key="plan_new:way", required=True
    )
    return way == "written"


def _dates(chosen: Chosen | None) -> tuple[list[datetime], time | None]:
    """Days to plan, and the clock's time on them; no days: without a date."""
    if chosen is None:
        left, right = st.columns(2)
        day = left.date_input("Day", value=None, min_value=now().date(), format="DD/MM/YYYY")
        clock = right.time_input("Time", value=time(18), step=300)
        return ([datetime.combine(day, time())] if day else []), clock
    first, last, whole = chosen
    n = max(1, (last - first).days) if whole else 1
    days = [datetime.combine(first.date(), time()) + timedelta(days=i) for i in range(min(n, MOST_DAYS))]
    st.markdown(
        f"**{first:%A %-d %B}**"
        if n == 1
        else f"**{first:%-d %b} to {days[-1]:%-d %b}**, one draft a day: {count(len(days), 'plan')}"
    )
    return days, st.time_input("Time", value=time(18) if whole else first.time(), step=300)


def _make(
    page: Page,
    who: InfluencerCard,
    topic: str,
    picked: Sequence[str],
    days: Sequence[datetime],
    clock: time | None,
    *,
    free: bool,
) -> None:
    key = request_key("plan_new")
    variants = tuple(VariantDraft(channel_id=one) for one in picked)
    try:
        with page.transaction(needs="editor") as tx:
            walls: list[datetime | None] = [datetime.combine(day, clock or time(18)) for day in days] or [None]
            if free:
                found = content_plans.next_free_times(tx, who.id, zone=who.time_zone, n=max(1, len(days)))
                if not found:
                    st.error(f"{plain(who.name)} has no free slot. Add recurring times under Rules.", icon=":material/error:")
                    return
                walls = list(found)
            draft = PlanDraft(influencer_id=who.id, topic=topic, variants=variants)
            made = [
                content_plans.create(tx, draft.model_copy(update={"wall": wall}), request_key=f"{key}:{n}")
                for n, wall in enumerate(walls)
            ]
    except StudioError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    renew_request_key("plan_new")
    if len(made) == 1:
        page.go("plan/calendar", id=made[0].id)
    queue_toast(f"{count(len(made), 'draft')} planned.")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    st.rerun()


def shift_form(page: Page, influencer: str) -> None:
    """Everything ahead, of one influencer or of all, by the same step; with an undo."""
    with st.form("calendar:shift", border=False):
        st.caption("Moves every plan from the day on that is not out yet." + ("" if influencer else " Of all influencers."))
        start = st.date_input("From", value=now().date(), format="DD/MM/YYYY")
        days = st.number_input("Days", -365, 365, 1)
        hours = st.number_input("Hours", -23, 23, 0)
        pressed = st.form_submit_button("Shift them")
    if pressed:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                filters = PlanFilters(influencer_id=influencer, first=start, when="dated", states=_AHEAD)
                ids = [one.id for one in content_plans.page(tx, filters, take=content_plans.MAX_PLANS_AT_ONCE).cards]
                act, out = content_plans.shift(tx, ids, days=int(days), minutes=int(hours) * 60)
            reasons = " ".join(dict.fromkeys(out.refused.values()))
            if act is None:
                st.info(plain(reasons or "There is nothing to shift from this day on."))
                return
            st.session_state["calendar:act"] = (act.id, act.said)
            st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
            st.success(plain(act.said + (f" {count(len(out.refused), 'plan')} stayed: {reasons}" if out.refused else "")))
    if done := st.session_state.get("calendar:act"):
        st.button(
            f"Undo: {plain(done[1])}", icon=":material/undo:", on_click=_take_back, args=(page, done[0]), key="calendar:undo"
        )


_AHEAD = (PostState.DRAFT, PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED, PostState.ON_HOLD)


def _take_back(page: Page, act_id: str) -> None:
    st.session_state.pop("calendar:act", None)
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
    try:
        with page.transaction(needs="editor") as tx:
            content_plans.undo(tx, act_id)
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")
