"""One plan: status, actions, problems and form; in a dialog over the calendar or Review, or as a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from backend import content_plans
from backend.content_plans import STATE_LABELS, FaceMatch, PlanCard, PostState
from studio.components.keeper import form_keeper
from studio.content_plans import (
    face_match,
    plan_actions,
    plan_attempts,
    plan_edit,
    plan_fixes,
    post_status,
    unsaved_changes,
)
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.toasts import show_queued_toasts, toast_errors
from studio.ui.undo_notice import dismiss_notice, draw_notice_in_dialog

S = PostState
COLOURS = {
    S.DRAFT: "gray",
    S.IN_REVIEW: "orange",
    S.APPROVED: "blue",
    S.SCHEDULED: "blue",
    S.PUBLISHING: "violet",
    S.PUBLISHED: "green",
    S.FAILED: "red",
    S.MISSED: "red",
    S.UNKNOWN: "red",
    S.ON_HOLD: "gray",
}


def open_dialog(page: Page, plan_id: str) -> None:
    """Opens the plan in a dialog over the calendar or Review."""

    st.session_state["plan:dialog"] = plan_id

    @st.dialog("Plan", width="large", on_dismiss=partial(_on_close, page, plan_id))
    def draw() -> None:
        with page.guard():
            body(page, plan_id)

    draw()


def _on_close(page: Page, plan_id: str) -> None:
    unsaved_changes.store_at_close(page, plan_id)
    st.session_state.pop("plan:dialog", None)
    dismiss_notice()
    refresh_calendar()


def show_page(page: Page, plan_id: str) -> None:
    """The plan at its own address."""
    st.session_state.pop("plan:dialog", None)
    if st.button("Calendar", icon=":material/arrow_back:", type="tertiary"):
        page.go("plan/calendar")
    body(page, plan_id)


def refresh_calendar() -> None:
    """Makes the calendar component read its plans again in the next run."""
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1


def body(page: Page, plan_id: str) -> None:
    """Draws the plan.

    Each part has a container, so that the elements after it keep their position, and with it their state, when a part grows
    or shrinks. The form is drawn first because the actions depend on what was typed.
    """
    show_queued_toasts()
    with page.transaction() as tx:
        card = content_plans.get(tx, plan_id)
        rules = content_plans.get_rules(tx, card.influencer_id)
        warnings = content_plans.placement_warnings(tx, plan_id)
        match = content_plans.worst_matches(tx, [card]).get(plan_id)
    form_keeper(f"keeper:{plan_id}", stamp=st.session_state.get("calendar:stamp", 0))
    head, status, actions, fixes, fields, log = (st.container() for _ in range(6))
    if card.deleted_at:
        with head:
            _deleted(page, plan_id)
        return
    with fields:
        edited = plan_edit.form(page, card)
        unsaved_changes.store(page, edited)
        if page.can_edit:
            plan_actions.save(page, card, edited)
    with head:
        _head(card, warnings, match)
    with status:
        draw_notice_in_dialog(page)
        for post in card.posts:
            if len(card.posts) > 1:
                st.markdown(f"{badge(post.state)} {plain(post.channel_name)}")
            post_status.show(page, card, post, edited)
        post_status.watch_due_time(page, card)
    with actions:
        if page.can_edit:
            plan_actions.show(page, card, edited, review=rules.review)
            plan_actions.unsaved(page, edited)
    with fixes:
        plan_fixes.show(page, card)
    with log:
        plan_attempts.show_log(page, card)


def _deleted(page: Page, plan_id: str) -> None:
    st.info("This plan was deleted.", icon=":material/delete:")
    if page.can_edit and (undo_id := st.session_state.get(f"plan:deleted:{plan_id}")):
        st.button("Take it back", icon=":material/undo:", on_click=_undo, args=(page, undo_id))


def _head(card: PlanCard, warnings: Sequence[str], match: FaceMatch | None) -> None:
    date_text = f"{card.wall:%a %-d %b %Y, %H:%M} ({card.zone})" if card.wall else "without a date"
    st.markdown(f"### {plain(card.title)}")
    st.markdown(f"{badge(card.state)} {plain(card.influencer_name)} · {plain(date_text)} {face_match.badge(match)}")
    if card.wall and (placed_at := content_plans.to_instant(card.wall, card.zone)).adjustment:
        adjustment = (
            f"skips that time: it is posted at {placed_at.wall:%H:%M}"
            if placed_at.adjustment == "missing"
            else "shows that time twice: the first is taken"
        )
        st.caption(f":material/schedule: The clock {adjustment}.")
    for sentence in warnings:
        st.warning(plain(sentence), icon=":material/event_busy:")


def badge(state: PostState) -> str:
    return f":{COLOURS[state]}-badge[{STATE_LABELS[state]}]"


def _undo(page: Page, act_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    refresh_calendar()
