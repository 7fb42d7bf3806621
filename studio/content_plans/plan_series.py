"""The newest series on the calendar page: its progress, and what to do with its drafts."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import streamlit as st

from backend import bulk_planning, content_plans
from backend.bulk_planning import SeriesCard
from backend.kit.clock import now
from studio.content_plans.plan import refresh_calendar
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.confirm import confirm
from studio.ui.format import count, duration, plain
from studio.ui.toasts import queue_toast, toast_errors

_HIDDEN, _UNDO = "series:hidden", "series:undo"
_MAX_AGE = timedelta(days=7)
_REFRESH_S = 4


def show(page: Page, influencer: str) -> str:
    """Draws the newest series while it is relevant. Returns a string that changes whenever the calendar must read again."""
    _undo_row(page)
    with page.transaction() as tx:
        card = bulk_planning.latest_series(tx, influencer)
    if card is None or _is_over(card):
        return ""
    with st.container(border=card.job.ended):
        working = follow(page, card.job, key="series")
        if working and card.pictures:
            _drawing_progress(page, card)
        if not working:
            _drafts_row(page, card)
    return f"{card.job.state}:{len(card.plans)}:{card.drawn}"


def _is_over(card: SeriesCard) -> bool:
    hidden = st.session_state.get(_HIDDEN) == card.job.id or now() - card.job.created_at > _MAX_AGE
    return card.job.ended and (hidden or (not card.drafts and card.job.state != "failed"))


def _drawing_progress(page: Page, first: SeriesCard) -> None:
    """Progress of the pictures; reruns the page when the job has ended."""

    @st.fragment(run_every=_REFRESH_S)
    def panel() -> None:
        with page.transaction() as tx:
            card = bulk_planning.get_series(tx, first.job.id)
        if card.job.ended:
            st.rerun()
        remaining = f", about {duration(card.left_s)} left" if card.left_s else ""
        text = f"Pictures: {card.drawn} of {card.pictures} are in their drafts{remaining}"
        st.progress(card.drawn / max(1, card.pictures), text=text)

    panel()


def _drafts_row(page: Page, card: SeriesCard) -> None:
    if not card.drafts:
        return
    dates = sorted(plan.wall for plan in card.plans if plan.wall)
    span = f", {dates[0]:%-d %b} to {dates[-1]:%-d %b}" if dates else ""
    name = card.plans[0].influencer_name if card.plans else ""
    st.markdown(f"**{count(len(card.drafts), 'draft')} for {plain(name)}**{plain(span)}")
    if note := _summary(card):
        st.caption(plain(note))
    with st.container(horizontal=True):
        if st.button("Look at them", type="primary", icon=":material/rate_review:", key="series:look"):
            st.session_state["review:kind"] = "draft"
            st.session_state["review:who"] = card.job.subject_id
            page.go("plan/review")
        if page.can_edit:
            with page.transaction() as tx:
                review = content_plans.get_rules(tx, card.job.subject_id).review
            st.button(
                "Send them to review" if review else "Schedule them",
                icon=":material/schedule_send:",
                key="series:schedule",
                on_click=_schedule,
                args=(page, card),
            )
            if st.button("Delete these drafts", icon=":material/delete:", key="series:delete"):
                note = "What is in review or scheduled stays, and so do the pictures in the gallery. This can be undone."
                confirm(
                    f"Delete {count(len(card.drafts), 'draft')}?", note, action="Delete them", act=partial(_discard, page, card)
                )
        st.button("Hide", icon=":material/close:", key="series:hide", type="tertiary", on_click=_hide, args=(card.job.id,))


def _summary(card: SeriesCard) -> str:
    result = card.job.result or {}
    sentences = []
    if result.get("model") == "offline":
        sentences.append("Written by the offline writer: no language model is set.")
    if n := result.get("unwritten"):
        reasons = " ".join(result.get("reasons") or ["The model's answer could not be read."])
        sentences.append(f"{count(int(n), 'post')} could not be written. {reasons}")
    if n := result.get("undated"):
        sentences.append(f"{count(int(n), 'draft')} found no free time and wait without a date.")
    if card.failed:
        sentences.append(f"{count(card.failed, 'picture')} could not be drawn: Jobs says why.")
    if card.lacking:
        n = count(card.lacking, "post")
        sentences.append(f"{n} {'needs' if card.lacking == 1 else 'need'} a picture: too few of those drawn looked like them.")
    if card.held:
        sentences.append(
            f"{count(card.held, 'picture')} under Held pictures: not enough like them. Choose what the posts show instead."
        )
    if without_picture := sum(not any(post.media for post in plan.posts) for plan in card.plans if plan.id in card.drafts):
        sentences.append(
            f"{without_picture} without a picture yet." if without_picture < len(card.drafts) else "Without pictures yet."
        )
    return " ".join(sentences)


def _hide(job_id: str) -> None:
    st.session_state[_HIDDEN] = job_id


def _schedule(page: Page, card: SeriesCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            outcome = content_plans.schedule(tx, card.drafts, expected={plan.id: plan for plan in card.plans})
        parts = [
            f"{n} {word}"
            for n, word in (
                (len(outcome.done), "scheduled"),
                (len(outcome.review), "sent to review"),
                (len(outcome.refused), "not yet"),
            )
            if n
        ]
        reasons = f" {' '.join(dict.fromkeys(outcome.refused.values()))}" if outcome.refused else ""
        queue_toast(plain(f"{', '.join(parts) or 'Nothing to schedule'}.{reasons}"))
    refresh_calendar()


def _discard(page: Page, card: SeriesCard) -> None:
    with page.transaction(needs="editor") as tx:
        entry, outcome = bulk_planning.discard_drafts(tx, card.job.id)
    if entry:
        st.session_state[_UNDO] = (entry.id, entry.said)
    if outcome.refused:
        queue_toast(plain(" ".join(dict.fromkeys(outcome.refused.values()))), ":material/error:")
    refresh_calendar()


def _undo_row(page: Page) -> None:
    if last_entry := st.session_state.get(_UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: {plain(last_entry[1])}")
            st.button("Undo", icon=":material/undo:", key="series:undo:go", on_click=_undo, args=(page, last_entry[0]))


def _undo(page: Page, act_id: str) -> None:
    st.session_state.pop(_UNDO, None)
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    refresh_calendar()
