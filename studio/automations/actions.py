"""What is done with an automation from the list and from its own page: switch it on and off, run it, skip, copy, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from backend import automations
from backend.automations import AutomationCard
from backend.errors import StudioError
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import queue_toast, toast_errors

_DELETED, _SHOWN = "automations:deleted", "automations:shown"
_MENU = {"skip": tr_lazy("Skip the next start"), "duplicate": tr_lazy("Duplicate"), "delete": tr_lazy("Delete")}


def names_for(page: Page, card: AutomationCard) -> dict[str, str]:
    """Whom it is for: names by id, those that are there."""
    ids = card.draft.influencer_ids or tuple(page.influencer_names)
    return {
        influencer_id: page.influencer_names[influencer_id] for influencer_id in ids if influencer_id in page.influencer_names
    }


def switch(page: Page, card: AutomationCard) -> None:
    on = not card.paused_at
    st.toggle(
        tr("{name} is on", name=plain(card.name)),
        on,
        key=f"automation:on:{card.id}:{on}",
        help=tr("On: it starts by itself") if on else tr("Off: it starts only by hand"),
        on_change=_switch,
        args=(page, card),
        label_visibility="collapsed",
    )


def _switch(page: Page, card: AutomationCard) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        (automations.resume if card.paused_at else automations.pause)(tx, card.id)
        name = plain(card.name)
        queue_toast(tr("“{name}” is on.", name=name) if card.paused_at else tr("“{name}” is off.", name=name))


def run_button(page: Page, card: AutomationCard, *, to_history: bool = False) -> None:
    """Starts it, after a question where it is for several. `to_history`: goes to its runs then."""
    if not st.button(tr("Run now"), icon=":material/play_arrow:", key=f"automation:run:{card.id}"):
        return
    names = names_for(page, card)
    if len(names) > 1:
        _ask_for_whom(page, card, names, to_history)
        return
    with page.guard():
        _run(page, card, "")
        if to_history:
            show_history(page, card)
        st.rerun()


def view_key(automation_id: str) -> str:
    """Key of the choice between flow and history; another one each time that the history is asked for."""
    return f"automation:view:{automation_id}:{st.session_state.get(_SHOWN, 0)}"


def show_history(page: Page, card: AutomationCard) -> NoReturn:
    st.session_state[_SHOWN] = st.session_state.get(_SHOWN, 0) + 1
    page.go("calendar/automations", id=card.id, view="history")


def _ask_for_whom(page: Page, card: AutomationCard, names: Mapping[str, str], to_history: bool) -> None:
    @st.dialog(tr("Run “{name}”", name=plain(card.name)), width="small")
    def question() -> None:
        options = ["", *names]
        influencer_id = st.selectbox(
            tr("For whom"),
            options,
            options.index(page.influencer_id) if page.influencer_id in names else 0,
            format_func=lambda influencer_id: names.get(influencer_id, tr("All {n:,}", n=len(names))),
            key=f"automation:whom:{card.id}",
        )
        if st.button(tr("Run now"), type="primary", icon=":material/play_arrow:"):
            try:
                _run(page, card, influencer_id)
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")
                return
            if to_history:
                show_history(page, card)
            st.rerun()

    question()


def _run(page: Page, card: AutomationCard, influencer_id: str) -> None:
    form = f"automation:run:{card.id}:{influencer_id}"
    with page.transaction(needs="editor") as tx:
        runs = automations.run_now(tx, card.id, influencer_id=influencer_id, request_key=request_key(form))
    renew_request_key(form)
    queue_toast(tr_plural("{n:,} run started.", "{n:,} runs started.", len(runs)), ":material/play_arrow:")


def menu(page: Page, card: AutomationCard) -> None:
    options = [*(["skip"] if card.next_at else []), "duplicate", "delete"]
    chosen = st.menu_button(
        tr("More"),
        options,
        icon=":material/more_horiz:",
        type="tertiary",
        key=f"icon-only-automation:{card.id}",
        help=tr("More"),
        format_func=lambda option: worded(_MENU[option]),
    )
    if chosen == "skip":
        with toast_errors(), page.transaction(needs="editor") as tx:
            automations.skip_next(tx, card.id)
            queue_toast(tr("The next start is skipped."), ":material/skip_next:")
        st.rerun()
    if chosen == "duplicate":
        page.go("calendar/automations", new=card.id)
    if chosen == "delete":
        with toast_errors(), page.transaction(needs="editor") as tx:
            automations.delete(tx, card.id)
        st.session_state[_DELETED] = (card.id, card.name)
        page.go("calendar/automations")


def undo_bar(page: Page) -> None:
    """After a deletion: takes it back."""
    deleted = st.session_state.get(_DELETED)
    if deleted is None or not page.can_edit:
        return
    automation_id, name = deleted
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(tr("“{name}” was deleted.", name=plain(name)), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=_restore, args=(page, automation_id))
        st.button(tr("Close"), type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))


def _restore(page: Page, automation_id: str) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        card = automations.restore(tx, automation_id)
        queue_toast(tr("“{name}” is restored, and off.", name=plain(card.name)), ":material/undo:")
    st.session_state.pop(_DELETED, None)
