"""The workspace's waiting requests for pictures, to reorder and to cancel."""

from __future__ import annotations

import streamlit as st

from backend import jobs
from backend.errors import Conflict
from backend.jobs import JobCard
from backend.language import tr, tr_lazy, worded
from studio.shell.frame import Page
from studio.ui.buttons import icon_button
from studio.ui.format import plain

KIND = "image-generation"
_EVERY_S = 5
_MOVES = (
    ("first", ":material/vertical_align_top:", tr_lazy("To the front")),
    ("earlier", ":material/arrow_upward:", tr_lazy("Earlier")),
    ("later", ":material/arrow_downward:", tr_lazy("Later")),
)
_MAX_SHOWN = 30


def queue_panel(page: Page, *, shown_job_id: str | None = None) -> None:
    """Drawn only while requests wait, other than the one whose job is shown already; refreshes every few seconds."""
    waiting = _waiting(page)
    if not [card for card in waiting if card.id != shown_job_id]:
        return

    @st.fragment(run_every=_EVERY_S)
    def panel() -> None:
        waiting_now = _waiting(page)
        if not waiting_now:
            st.caption(tr("Queue is empty."))
            return
        with st.expander(
            tr("{n:,} waiting", n=len(waiting_now)), icon=":material/low_priority:", expanded=len(waiting_now) > 1
        ):
            with st.container(gap="xxsmall"):
                for position, card in enumerate(waiting_now[:_MAX_SHOWN]):
                    _row(page, card, position, len(waiting_now))
            if len(waiting_now) > _MAX_SHOWN:
                st.caption(tr("and {n:,} more", n=len(waiting_now) - _MAX_SHOWN))
            if page.can_edit and len(waiting_now) > 1:
                st.button(tr("Cancel all"), icon=":material/cancel:", key="queue:all", on_click=_cancel_all, args=(page,))

    panel()


def _waiting(page: Page) -> list[JobCard]:
    with page.transaction() as tx:
        waiting_ids = [
            entry.id for entry in jobs.queue_status(tx, jobs.JOB_TYPES[KIND].queue) if entry.kind == KIND and not entry.running
        ]
        cards = {card.id: card for card in jobs.page(tx, states=("pending",), kinds=(KIND,), take=200).cards}
    return [cards[entry] for entry in waiting_ids if entry in cards]


def _row(page: Page, card: JobCard, position: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{position + 1} · {plain(worded(card.title))}", width="stretch")
        if not page.can_edit:
            return
        for direction, icon, label in _MOVES:
            icon_button(
                worded(label),
                icon,
                key=f"queue:{direction}:{card.id}",
                on_click=_move,
                args=(page, card.id, direction),
                disabled=position == (total - 1 if direction == "later" else 0),
            )
        icon_button(tr("Cancel"), ":material/close:", key=f"queue:cancel:{card.id}", on_click=_cancel, args=(page, [card.id]))


def _move(page: Page, job_id: str, direction: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        jobs.reorder(tx, job_id, direction)  # type: ignore[arg-type]  # one of _MOVES


def _cancel(page: Page, ids: list[str]) -> None:
    """Cancels jobs that still wait; those that have started meanwhile are left alone."""
    with page.guard():
        for job_id in ids:
            try:
                with page.transaction(needs="editor") as tx:
                    if jobs.get(tx, job_id).state == "pending":
                        jobs.cancel(tx, job_id)
            except Conflict:
                continue


def _cancel_all(page: Page) -> None:
    _cancel(page, [card.id for card in _waiting(page)])
