"""An influencer's rules for posts: who reviews, how far apart, recurring times, a sandbox channel; and the stop switches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import channels, content_plans, influencers
from backend.content_plans import RecurringTime, RulesDraft
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from studio.shell.frame import Page
from studio.ui.format import ago, count, plain
from studio.ui.toasts import queue_toast

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
POLICIES = {"all": "Every post is reviewed", "first": "The first posts are reviewed", "auto": "Nobody reviews"}


def form(page: Page, influencer_id: str) -> None:
    with page.transaction() as tx:
        who = influencers.get(tx, influencer_id)
        rules = content_plans.get_rules(tx, influencer_id)
        has_sandbox = any(one.platform == "sandbox" for one in channels.of(tx, influencer_id))
    with st.form(f"rules:{influencer_id}", border=False):
        policy = st.radio(
            "Review",
            list(POLICIES),
            index=list(POLICIES).index(rules.policy),
            format_func=POLICIES.get,
            disabled=not page.can_edit,
        )
        first_n = st.number_input("How many first posts", 1, 500, rules.first_n, disabled=not page.can_edit)
        gap = st.number_input("Minutes between two posts on a channel", 0, 1440, rules.gap_minutes, disabled=not page.can_edit)
        rest = st.number_input("Days before a post may be used again", 0, 730, rules.cooldown_days, disabled=not page.can_edit)
        week = st.text_area(
            "Recurring times", _spelled(rules.slots), placeholder="Mon 18:30\nWed 18:30\nSat 11:00", disabled=not page.can_edit
        )
        st.caption(f"One a line, by the clocks of {plain(who.time_zone)}.")
        pressed = st.form_submit_button("Save rules", type="primary", disabled=not page.can_edit)
    if pressed:
        with page.guard():
            draft = RulesDraft(policy=policy, first_n=first_n, gap_minutes=gap, cooldown_days=rest, slots=_slots(week))
            with page.transaction(needs="editor") as tx:
                content_plans.save_rules(tx, influencer_id, draft)
            st.success("Saved. It holds for what is scheduled from now on.")
    if page.can_edit and not has_sandbox:
        st.caption("A sandbox channel behaves like a platform and shows posts to nobody outside.")
        st.button("Add a sandbox channel", icon=":material/science:", on_click=_sandbox, args=(page, influencer_id))


def switches(page: Page, people: Sequence[InfluencerCard]) -> None:
    """Holds everything that is scheduled, at once."""
    with page.transaction() as tx:
        everywhere = content_plans.workspace_paused(tx)
        rules = {one.id: content_plans.get_rules(tx, one.id) for one in people[:30]}
    st.caption(
        "Stopping holds everything that is scheduled until you start again; what passes meanwhile is missed, not posted late."
    )
    _switch(page, "", "Whole workspace", on=everywhere)
    for one in people[:30]:
        at = rules[one.id].stopped_at
        _switch(page, one.id, one.name + (f" (since {ago(at)})" if at else ""), on=at is not None)


def _switch(page: Page, influencer_id: str, name: str, *, on: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(name), width="stretch")
        word, icon = ("Start again", ":material/play_arrow:") if on else ("Stop", ":material/front_hand:")
        act = (page, influencer_id, on)
        st.button(word, icon=icon, key=f"stop:{influencer_id or 'workspace'}", on_click=_turn, args=act)


def _turn(page: Page, influencer_id: str, on: bool) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            if on:
                back, missed = content_plans.resume_publishing(tx, influencer_id)
                queue_toast(f"{count(back, 'post')} scheduled again" + (f", {missed} missed meanwhile." if missed else "."))
            else:
                queue_toast(
                    f"{count(content_plans.pause_publishing(tx, influencer_id), 'post')} on hold.", ":material/front_hand:"
                )
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1


def _sandbox(page: Page, influencer_id: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            channels.add_sandbox(tx, influencer_id)
        queue_toast("A sandbox channel was added.")
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")


def _spelled(slots: Sequence[RecurringTime]) -> str:
    return "\n".join(f"{DAYS[one.weekday]} {one.at}" for one in slots)


def _slots(text: str) -> tuple[RecurringTime, ...]:
    """Lines like “Mon 18:30” -> slots; what is no day is left to the rules to complain about."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, at = line.partition(" ")
        names = [name.lower() for name in DAYS]
        found.append(RecurringTime(names.index(day[:3].lower()) if day[:3].lower() in names else -1, at.strip().rjust(5, "0")))
    return tuple(found)
