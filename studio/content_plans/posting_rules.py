"""An influencer's posting rules (review, distance, recurring times), adding a sandbox channel, and the stop switches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import channels, content_plans, influencers
from backend.content_plans import RecurringTime, RulesDraft
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from studio.content_plans.calendar_view import refresh_calendar
from studio.shell.frame import Page
from studio.ui.format import ago, count, plain
from studio.ui.notices import queue_toast

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
POLICIES = {"all": "Every post is reviewed", "first": "The first posts are reviewed", "auto": "Nobody reviews"}


def form(page: Page, influencer_id: str, *, offer_practice_channel: bool = True) -> None:
    with page.transaction() as tx:
        influencer = influencers.get(tx, influencer_id)
        rules = content_plans.get_rules(tx, influencer_id)
        has_sandbox = any(channel.platform == "sandbox" for channel in channels.of(tx, influencer_id))
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
        cooldown_days = st.number_input(
            "Days before a post may be used again", 0, 730, rules.cooldown_days, disabled=not page.can_edit
        )
        slots_text = st.text_area(
            "Recurring times",
            _slots_text(rules.slots),
            placeholder="Mon 18:30\nWed 18:30\nSat 11:00",
            disabled=not page.can_edit,
        )
        st.caption(f"One a line, by the clocks of {plain(influencer.time_zone)}.")
        pressed = st.form_submit_button("Save rules", type="primary", disabled=not page.can_edit)
    if pressed:
        with page.guard():
            draft = RulesDraft(
                policy=policy, first_n=first_n, gap_minutes=gap, cooldown_days=cooldown_days, slots=_parse_slots(slots_text)
            )
            with page.transaction(needs="editor") as tx:
                content_plans.save_rules(tx, influencer_id, draft)
            st.success("Saved. It holds for what is scheduled from now on.")
    if page.can_edit and offer_practice_channel and not has_sandbox:
        st.caption("A sandbox channel behaves like a platform and shows posts to nobody outside.")
        st.button("Add a sandbox channel", icon=":material/science:", on_click=_add_sandbox, args=(page, influencer_id))


def switches(page: Page, influencer_cards: Sequence[InfluencerCard]) -> None:
    """The stop switches: one for the workspace, one for each influencer."""
    with page.transaction() as tx:
        is_paused = content_plans.workspace_paused(tx)
        rules = {card.id: content_plans.get_rules(tx, card.id) for card in influencer_cards[:30]}
    st.caption("Everything that is scheduled waits until you resume; what passes meanwhile is missed, not posted late.")
    _switch(page, "", "Whole workspace", on=is_paused)
    for card in influencer_cards[:30]:
        paused_at = rules[card.id].stopped_at
        _switch(page, card.id, card.name + (f" (since {ago(paused_at)})" if paused_at else ""), on=paused_at is not None)


def influencer_switch(page: Page, influencer: InfluencerCard) -> None:
    """The stop switch of one influencer."""
    with page.transaction() as tx:
        paused_at = content_plans.get_rules(tx, influencer.id).stopped_at
    _switch(page, influencer.id, f"Stopped {ago(paused_at)}" if paused_at else "Posts go out", on=paused_at is not None)


def _switch(page: Page, influencer_id: str, name: str, *, on: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(name), width="stretch")
        label, icon = ("Resume", ":material/play_arrow:") if on else ("Pause", ":material/front_hand:")
        args = (page, influencer_id, on)
        st.button(label, icon=icon, key=f"stop:{influencer_id or 'workspace'}", on_click=_toggle, args=args)


def _toggle(page: Page, influencer_id: str, on: bool) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            if on:
                scheduled, missed = content_plans.resume_publishing(tx, influencer_id)
                queue_toast(
                    f"{count(scheduled, 'post')} scheduled again" + (f", {missed} missed meanwhile." if missed else ".")
                )
            else:
                queue_toast(
                    f"{count(content_plans.pause_publishing(tx, influencer_id), 'post')} on hold.", ":material/front_hand:"
                )
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")
    refresh_calendar()


def _add_sandbox(page: Page, influencer_id: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            channels.add_sandbox(tx, influencer_id)
        queue_toast("A sandbox channel was added.")
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")


def _slots_text(slots: Sequence[RecurringTime]) -> str:
    return "\n".join(f"{DAYS[slot.weekday]} {slot.at}" for slot in slots)


def _parse_slots(text: str) -> tuple[RecurringTime, ...]:
    """Lines like “Mon 18:30” -> recurring times. An unknown day becomes weekday -1, which RulesDraft refuses."""
    slots = []
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, time_of_day = line.partition(" ")
        names = [name.lower() for name in DAYS]
        slots.append(
            RecurringTime(names.index(day[:3].lower()) if day[:3].lower() in names else -1, time_of_day.strip().rjust(5, "0"))
        )
    return tuple(slots)
