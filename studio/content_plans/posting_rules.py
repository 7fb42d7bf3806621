"""An influencer's posting rules (review, distance, recurring times), adding a sandbox channel, and the stop switches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import channels, content_plans, influencers
from backend.content_plans import RecurringTime, RulesDraft
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.content_plans.calendar_view import refresh_calendar
from studio.content_plans.day_text import weekdays
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.notices import queue_toast

_ENGLISH_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
POLICIES = {
    "all": tr_lazy("Every post is reviewed"),
    "first": tr_lazy("The first posts are reviewed"),
    "auto": tr_lazy("Nobody reviews"),
}


def form(page: Page, influencer_id: str, *, offer_practice_channel: bool = True) -> None:
    with page.transaction() as tx:
        influencer = influencers.get(tx, influencer_id)
        rules = content_plans.get_rules(tx, influencer_id)
        has_sandbox = any(channel.platform == "sandbox" for channel in channels.of(tx, influencer_id))
    with st.form(f"rules:{influencer_id}", border=False):
        policy = st.radio(
            tr("Review"),
            list(POLICIES),
            index=list(POLICIES).index(rules.policy),
            format_func=lambda policy: worded(POLICIES[policy]),
            disabled=not page.can_edit,
        )
        first_n = st.number_input(tr("Number of first posts"), 1, 500, rules.first_n, disabled=not page.can_edit)
        gap = st.number_input(
            tr("Minutes between two posts on a channel"), 0, 1440, rules.gap_minutes, disabled=not page.can_edit
        )
        cooldown_days = st.number_input(
            tr("Days before a post may be used again"), 0, 730, rules.cooldown_days, disabled=not page.can_edit
        )
        slots_text = st.text_area(
            tr("Recurring times"),
            _slots_text(rules.slots),
            placeholder=_slots_text((RecurringTime(0, "18:30"), RecurringTime(2, "18:30"), RecurringTime(5, "11:00"))),
            disabled=not page.can_edit,
        )
        st.caption(tr("One per line. Time zone: {zone}.", zone=plain(influencer.time_zone)))
        pressed = st.form_submit_button(tr("Save rules"), type="primary", disabled=not page.can_edit)
    if pressed:
        with page.guard():
            draft = RulesDraft(
                policy=policy, first_n=first_n, gap_minutes=gap, cooldown_days=cooldown_days, slots=_parse_slots(slots_text)
            )
            with page.transaction(needs="editor") as tx:
                content_plans.save_rules(tx, influencer_id, draft)
            st.success(tr("Saved. It applies to what is scheduled from now on."))
    if page.can_edit and offer_practice_channel and not has_sandbox:
        st.caption(tr("A practice channel behaves like a platform, but nobody outside sees its posts."))
        st.button(tr("Add a practice channel"), icon=":material/science:", on_click=_add_sandbox, args=(page, influencer_id))


def switches(page: Page, influencer_cards: Sequence[InfluencerCard]) -> None:
    """The stop switches: one for the workspace, one for each influencer."""
    with page.transaction() as tx:
        is_paused = content_plans.workspace_paused(tx)
        rules = {card.id: content_plans.get_rules(tx, card.id) for card in influencer_cards[:30]}
    st.caption(tr("Scheduled posts wait until you resume. Posts whose time passes meanwhile are missed, not published late."))
    _switch(page, "", tr("Whole workspace"), on=is_paused)
    for card in influencer_cards[:30]:
        paused_at = rules[card.id].stopped_at
        _switch(
            page,
            card.id,
            tr("{name} (paused {time})", name=card.name, time=ago(paused_at)) if paused_at else card.name,
            on=paused_at is not None,
        )


def influencer_switch(page: Page, influencer: InfluencerCard) -> None:
    """The stop switch of one influencer."""
    with page.transaction() as tx:
        paused_at = content_plans.get_rules(tx, influencer.id).stopped_at
    _switch(
        page,
        influencer.id,
        tr("Paused {time}", time=ago(paused_at)) if paused_at else tr("Posts go out"),
        on=paused_at is not None,
    )


def _switch(page: Page, influencer_id: str, name: str, *, on: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(name), width="stretch")
        label, icon = (tr("Resume"), ":material/play_arrow:") if on else (tr("Pause"), ":material/front_hand:")
        args = (page, influencer_id, on)
        # With the state in the key, the second half of a double click does not take the first one back
        key = f"stop:{influencer_id or 'workspace'}:{'paused' if on else 'active'}"
        st.button(label, icon=icon, key=key, on_click=_toggle, args=args)


def _toggle(page: Page, influencer_id: str, on: bool) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            if on:
                scheduled, missed = content_plans.resume_publishing(tx, influencer_id)
                again = tr_plural("{n:,} post scheduled again.", "{n:,} posts scheduled again.", scheduled)
                lost = tr_plural("{n:,} post missed meanwhile.", "{n:,} posts missed meanwhile.", missed)
                queue_toast(f"{again} {lost}" if missed else again)
            else:
                held = content_plans.pause_publishing(tx, influencer_id)
                queue_toast(tr_plural("{n:,} post on hold.", "{n:,} posts on hold.", held), ":material/front_hand:")
    except StudioError as error:
        queue_toast(plain(worded(error.message)), ":material/error:")
    refresh_calendar()


def _add_sandbox(page: Page, influencer_id: str) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            channels.add_sandbox(tx, influencer_id)
        queue_toast(tr("A practice channel was added."))
    except StudioError as error:
        queue_toast(plain(worded(error.message)), ":material/error:")


def _slots_text(slots: Sequence[RecurringTime]) -> str:
    return "\n".join(f"{weekdays()[slot.weekday]} {slot.at}" for slot in slots)


def _parse_slots(text: str) -> tuple[RecurringTime, ...]:
    """Lines like “Mon 18:30”, in the reader's language or English -> recurring times. An unknown day becomes weekday -1, which
    RulesDraft refuses."""
    numbers = {name[:3].lower(): n for names in (_ENGLISH_WEEKDAYS, weekdays()) for n, name in enumerate(names)}
    slots = []
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, time_of_day = line.partition(" ")
        slots.append(RecurringTime(numbers.get(day[:3].lower(), -1), time_of_day.strip().rjust(5, "0")))
    return tuple(slots)
