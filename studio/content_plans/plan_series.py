"""The newest series on the calendar's page: how it goes on, and what to do with its drafts when they are there."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import streamlit as st

from backend import bulk_planning, content_plans
from backend.bulk_planning import SeriesCard
from backend.kit.clock import now
from studio.content_plans.plan import touched
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.confirm import confirm
from studio.ui.format import count, duration, plain
from studio.ui.toasts import queue_toast, toast_errors

_HIDDEN, _UNDO = "series:hidden", "series:undo"
_OLD = timedelta(days=7)
_EVERY_S = 4


def show(page: Page, influencer: str) -> str:
    """Draws it while it matters. Returns what the calendar must read anew for."""
    _undo_row(page)
    with page.transaction() as tx:
        card = bulk_planning.latest_series(tx, influencer)
    if card is None or _past(card):
        return ""
    with st.container(border=card.job.ended):
        working = follow(page, card.job, key="series")
        if working and card.pictures:
            _drawing(page, card)
        if not working:
            _made(page, card)
    return f"{card.job.state}:{len(card.plans)}:{card.drawn}"


def _past(card: SeriesCard) -> bool:
    hidden = st.session_state.get(_HIDDEN) == card.job.id or now() - card.job.created_at > _OLD
    return card.job.ended and (hidden or (not card.drafts and card.job.state != "failed"))


def _drawing(page: Page, first: SeriesCard) -> None:
    """Pictures as they come; the page runs again when all is done."""

    @st.fragment(run_every=_EVERY_S)
    def panel() -> None:
        with page.transaction() as tx:
            card = bulk_planning.get_series(tx, first.job.id)
        if card.job.ended:
            st.rerun()
        left = f", about {duration(card.left_s)} left" if card.left_s else ""
        said = f"Pictures: {card.drawn} of {card.pictures} are in their drafts{left}"
        st.progress(card.drawn / max(1, card.pictures), text=said)

    panel()


def _made(page: Page, card: SeriesCard) -> None:
    if not card.drafts:
        return
    dates = sorted(one.wall for one in card.plans if one.wall)
    span = f", {dates[0]:%-d %b} to {dates[-1]:%-d %b}" if dates else ""
    name = card.plans[0].influencer_name if card.plans else ""
    st.markdown(f"**{count(len(card.drafts), 'draft')} for {plain(name)}**{plain(span)}")
    if said := _about(card):
        st.caption(plain(said))
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
                said = "What is in review or scheduled stays, and so do the pictures in the gallery. This can be undone."
                confirm(
                    f"Delete {count(len(card.drafts), 'draft')}?", said, action="Delete them", act=partial(_discard, page, card)
                )
        st.button("Hide", icon=":material/close:", key="series:hide", type="tertiary", on_click=_hide, args=(card.job.id,))


def _about(card: SeriesCard) -> str:
    result = card.job.result or {}
    said = []
    if result.get("model") == "offline":
        said.append("Written by the offline writer: no language model is set.")
    if n := result.get("unwritten"):
        reasons = " ".join(result.get("reasons") or ["The model's answer could not be read."])
        said.append(f"{count(int(n), 'post')} could not be written. {reasons}")
    if n := result.get("undated"):
        said.append(f"{count(int(n), 'draft')} found no free time and wait without a date.")
    if card.failed:
        said.append(f"{count(card.failed, 'picture')} could not be drawn: Jobs says why.")
    if card.lacking:
        n = count(card.lacking, "post")
        said.append(f"{n} {'needs' if card.lacking == 1 else 'need'} a picture: too few of those drawn looked like them.")
    if card.held:
        said.append(
            f"{count(card.held, 'picture')} under Held pictures: not enough like them. Choose what the posts show instead."
        )
    if bare := sum(not any(post.media for post in one.posts) for one in card.plans if one.id in card.drafts):
        said.append(f"{bare} without a picture yet." if bare < len(card.drafts) else "Without pictures yet.")
    return " ".join(said)


def _hide(job_id: str) -> None:
    st.session_state[_HIDDEN] = job_id


def _schedule(page: Page, card: SeriesCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            out = content_plans.schedule(tx, card.drafts, expected={one.id: one for one in card.plans})
        parts = [
            f"{n} {word}"
            for n, word in ((len(out.done), "scheduled"), (len(out.review), "sent to review"), (len(out.refused), "not yet"))
            if n
        ]
        why = f" {' '.join(dict.fromkeys(out.refused.values()))}" if out.refused else ""
        queue_toast(plain(f"{', '.join(parts) or 'Nothing to schedule'}.{why}"))
    touched()


def _discard(page: Page, card: SeriesCard) -> None:
    with page.transaction(needs="editor") as tx:
        act, out = bulk_planning.discard_drafts(tx, card.job.id)
    if act:
        st.session_state[_UNDO] = (act.id, act.said)
    if out.refused:
        queue_toast(plain(" ".join(dict.fromkeys(out.refused.values()))), ":material/error:")
    touched()


def _undo_row(page: Page) -> None:
    if done := st.session_state.get(_UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: {plain(done[1])}")
            st.button("Undo", icon=":material/undo:", key="series:undo:go", on_click=_take_back, args=(page, done[0]))


def _take_back(page: Page, act_id: str) -> None:
    st.session_state.pop(_UNDO, None)
    with toast_errors(), page.transaction(needs="editor") as tx:
        content_plans.undo(tx, act_id)
    touched()
