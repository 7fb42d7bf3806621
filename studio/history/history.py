"""My history: what the signed-in person did in this workspace, newest first, with an undo where there is one."""

from __future__ import annotations

import streamlit as st

from backend import history, undo
from backend.history import HistoryItem, NounGroup
from backend.language import tr, worded
from studio.history.things import GROUP_ICONS, GROUP_LABELS, open_link
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

TAKE = 30
_GROUP, _TAKEN = "history:group", "history:take:"


def history_list(page: Page) -> None:
    show_queued_toasts()
    group = _choose_group()
    slot = f"{_TAKEN}{group or 'all'}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        history_page = history.page(tx, user_id=page.user.id, group=group, take=take)
    days = page.app.settings.retention.undo_days
    if not history_page.entries:
        empty_state(
            tr("Nothing here yet"),
            tr("What you change in this workspace is listed here. For {days} days you can undo most of it.", days=days),
            icon=":material/history:",
        )
        return
    st.caption(
        tr("Only your own changes. Most can be undone for {days} days, unless they were changed again since.", days=days)
    )
    for entry in history_page.entries:
        _row(page, entry)
    if history_page.next_cursor and st.button(tr("Show older ones"), key="history:older"):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _choose_group() -> NounGroup | None:
    chosen = st.segmented_control(
        tr("Show"),
        ["all", *GROUP_LABELS],
        default="all",
        format_func=lambda group: tr("Everything") if group == "all" else worded(GROUP_LABELS[group]),
        key=_GROUP,
        required=True,
        label_visibility="collapsed",
    )
    return next((group for group in GROUP_LABELS if group == chosen), None)


def _row(page: Page, entry: HistoryItem) -> None:
    sentence = plain(worded(entry.sentence))
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"history:{entry.id}"):
        st.markdown(GROUP_ICONS[entry.noun], width="content")
        with st.container(gap="xxsmall"):
            st.markdown(sentence)
            st.caption(ago(entry.at), help=worded(entry.why_not) or None)
        open_link(page, entry.noun, entry.noun_id)
        if entry.can_undo:
            st.button(
                tr("Undo"),
                icon=":material/undo:",
                key=f"history:undo:{entry.id}",
                on_click=_undo,
                args=(page, entry.id),
            )


def _undo(page: Page, entry_id: str) -> None:
    with toast_errors():
        with page.transaction() as tx:
            role = undo.needed_role(tx, entry_id)
        with page.app.db.transaction(page.caller, needs=role) as tx:  # undone here, so no toast offers to undo that
            undo.undo(tx, entry_id)
        queue_toast(tr("Undone."), ":material/undo:")
