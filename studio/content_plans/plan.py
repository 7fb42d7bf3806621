"""One plan: status, actions, problems, form and log of attempts; in a dialog over the calendar or Review, or as a page of its
own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from backend import content_plans
from backend.content_plans import STATE_LABELS, AttemptCard, FaceMatch, PlanCard, PostState
from studio.content_plans import plan_actions, plan_edit, plan_fixes, post_origin, post_status, unsaved_changes
from studio.content_plans.form_keeper import form_keeper
from studio.shell.frame import Page
from studio.ui.format import clock_time, count, duration, plain, size
from studio.ui.notices import dismiss_notice, draw_notice_in_dialog, show_queued_toasts, toast_errors

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
OUTCOMES = {
    "running": ":violet-badge[Running]",
    "published": ":green-badge[Published]",
    "failed": ":red-badge[Failed]",
    "unknown": ":red-badge[Unknown]",
    "released": ":orange-badge[Tried again later]",
    "held": ":gray-badge[Held]",
    "missed": ":red-badge[Missed]",
}
PHASES = {
    "": "not begun",
    "preparing": "got as far as preparing",
    "ready": "got as far as being prepared there",
    "submitting": "got as far as being published",
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
        page.go("calendar/calendar")
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
        post_origin.show(page, card)
    with log:
        show_attempts(page, card)


def _deleted(page: Page, plan_id: str) -> None:
    st.info("This plan was deleted.", icon=":material/delete:")
    if page.can_edit and (undo_id := st.session_state.get(f"plan:deleted:{plan_id}")):
        st.button("Take it back", icon=":material/undo:", on_click=_undo, args=(page, undo_id))


def _head(card: PlanCard, warnings: Sequence[str], match: FaceMatch | None) -> None:
    date_text = f"{card.wall:%a %-d %b %Y, %H:%M} ({card.zone})" if card.wall else "without a date"
    st.markdown(f"### {plain(card.title)}")
    st.markdown(f"{badge(card.state)} {plain(card.influencer_name)} · {plain(date_text)} {post_status.face_match_badge(match)}")
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


def show_attempts(page: Page, card: PlanCard) -> None:
    """Draws the log; nothing before the first attempt."""
    with page.transaction() as tx:
        attempts_by_post = [(post, attempts) for post in card.posts if (attempts := content_plans.list_attempts(tx, post.id))]
    if not attempts_by_post:
        return
    n = sum(len(attempts) for _, attempts in attempts_by_post)
    with st.expander(f"{count(n, 'try', 'tries')} to publish it", icon=":material/history:"):
        for post, attempts in attempts_by_post:
            for attempt in attempts:
                st.markdown(
                    f"{OUTCOMES[attempt.outcome]} **{plain(post.channel_name)}**, try {attempt.n}, {_time_text(attempt, card)}"
                )
                for line in _lines(attempt):
                    st.caption(line)


def _time_text(attempt: AttemptCard, card: PlanCard) -> str:
    took = f", took {duration((attempt.ended_at - attempt.created_at).total_seconds())}" if attempt.ended_at else ""
    return plain(clock_time(attempt.created_at, card.zone) + took)


def _lines(attempt: AttemptCard) -> list[str]:
    phase = PHASES.get(attempt.phase, "") if attempt.outcome != "published" else ""
    lines = (
        [plain(". ".join(part for part in (attempt.said.rstrip("."), phase.capitalize()) if part) + ".")]
        if attempt.said or phase
        else []
    )
    if sent := _sent_text(attempt.sent):
        lines.append(f":material/outbox: Sent: {sent}")
    lines += [f":material/label: {plain(str(line))}" for line in attempt.sent.get("said", [])[:10]]
    comment: dict[str, Any] = attempt.sent.get("comment") or {}
    if comment.get("said"):
        lines.append(f":material/comment: First comment: {plain(str(comment['said']))}")
    return lines


def _sent_text(sent: dict[str, Any]) -> str:
    """“2 pictures (1080 × 1350, 312 KB; …) · carousel · marked as AI-made”, as markdown."""
    files: list[dict[str, Any]] = sent.get("files") or []
    if not files and "ai_made" not in sent:
        return ""
    sizes = "; ".join(f"{file.get('width')} × {file.get('height')}, {size(int(file.get('size') or 0))}" for file in files[:4])
    kind = "video" if any(file.get("kind") == "video" for file in files) else "picture"
    parts = [f"{count(len(files), kind)} ({sizes}{'; …' if len(files) > 4 else ''})"] if files else []
    parts += [str(sent["format"])] if sent.get("format") else []
    parts += [f"seen by {str(sent['privacy']).replace('_', ' ').lower()}"] if sent.get("privacy") else []
    parts.append("marked as AI-made" if sent.get("ai_made") else "not marked as AI-made")
    return plain(" · ".join(parts))
