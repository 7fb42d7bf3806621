"""One plan: where it stands, what can be done with it, and its form; in a dialog over the calendar, or as a page of its own."""

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


def dialog(page: Page, plan_id: str) -> None:
    """Over the calendar or Review; what is changed in it is there when it closes."""

    st.session_state["plan:dialog"] = plan_id

    @st.dialog("Plan", width="large", on_dismiss=partial(_closed, page, plan_id))
    def shown() -> None:
        with page.guard():
            body(page, plan_id)

    shown()


def _closed(page: Page, plan_id: str) -> None:
    unsaved_changes.keep_at_close(page, plan_id)
    st.session_state.pop("plan:dialog", None)
    dismiss_notice()
    touched()


def one(page: Page, plan_id: str) -> None:
    """At its own address."""
    st.session_state.pop("plan:dialog", None)
    if st.button("Calendar", icon=":material/arrow_back:", type="tertiary"):
        page.go("plan/calendar")
    body(page, plan_id)


def touched() -> None:
    """The calendar reads again in the next run."""
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1


def body(page: Page, plan_id: str) -> None:
    """Each part has a place of its own, however much is in it: else what follows would begin anew when one of them grows. The
    form is read first, since what can be done depends on what was typed."""
    show_queued_toasts()
    with page.transaction() as tx:
        card = content_plans.get(tx, plan_id)
        rules = content_plans.get_rules(tx, card.influencer_id)
        near = content_plans.placement_warnings(tx, plan_id)
        match = content_plans.worst_matches(tx, [card]).get(plan_id)
    form_keeper(f"keeper:{plan_id}", stamp=st.session_state.get("calendar:stamp", 0))
    head, standing, acts, fixes, fields, log = (st.container() for _ in range(6))
    if card.deleted_at:
        with head:
            _deleted(page, plan_id)
        return
    with fields:
        edited = plan_edit.form(page, card)
        unsaved_changes.keep(page, edited)
        if page.can_edit:
            plan_actions.save(page, card, edited)
    with head:
        _head(card, near, match)
    with standing:
        draw_notice_in_dialog(page)
        for post in card.posts:
            if len(card.posts) > 1:
                st.markdown(f"{badge(post.state)} {plain(post.channel_name)}")
            post_status.show(page, card, post, edited)
        post_status.watch(page, card)
    with acts:
        if page.can_edit:
            plan_actions.show(page, card, edited, review=rules.review)
            plan_actions.unsaved(page, edited)
    with fixes:
        plan_fixes.show(page, card)
    with log:
        plan_attempts.log(page, card)


def _deleted(page: Page, plan_id: str) -> None:
    st.info("This plan was deleted.", icon=":material/delete:")
    if page.can_edit and (act := st.session_state.get(f"plan:deleted:{plan_id}")):
        st.button("Take it back", icon=":material/undo:", on_click=_undo, args=(page, act))


def _head(card: PlanCard, near: Sequence[str], match: FaceMatch | None) -> None:
    when = f"{card.wall:%a %-d %b %Y, %H:%M} ({card.zone})" if card.wall else "without a date"
    st.markdown(f"### {plain(card.title)}")
    st.markdown(f"{badge(card.state)} {plain(card.influencer_name)} · {plain(when)} {face_match.badge(match)}")
    if card.wall and (found := content_plans.to_instant(card.wall, card.zone)).adjustment:
        said = (
            f"skips that time: it is posted at {found.wall:%H:%M}"
            if found.adjustment == "missing"
            else "shows that time twice: the first is taken"
        )
        st.caption(f":material/schedule: The clock {said}.")
    for sentence in near:
        st.warning(plain(sentence), icon=":material/event_busy:")


def badge(state: PostState) -> str:
    return f":{COLOURS[state]}-badge[{STATE_LABELS[state]}]"


def _undo(page: Page, act_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    touched()
