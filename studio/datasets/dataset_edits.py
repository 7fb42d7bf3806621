"""What was changed in a dataset, newest first, each act with its undo: from the log on the server, for everybody."""

from __future__ import annotations

import streamlit as st

from backend import accounts, datasets
from backend.datasets import EditCard
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.optimistic_form import reload_forms


def names(page: Page) -> dict[str, str]:
    """A user's id -> their name, of this workspace's people."""
    with page.transaction() as tx:
        return {one.user_id: one.name for one in accounts.members(tx)}


LISTED = 12


def last_edit(page: Page, dataset_id: str, *, key: str, found: list[EditCard] | None = None) -> None:
    """The last act that was not taken back, with its undo, and the list of those before it. `found`: `LISTED` of them."""
    if found is None:
        with page.transaction() as tx:
            found = datasets.edits(tx, dataset_id, take=LISTED)
    last = next((one for one in found if one.undone_at is None), None)
    if last is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"{plain(last.title)} · {ago(last.created_at)}", width="content")
        with st.container(horizontal=True, width="content"):
            if page.can_edit:
                _undo(page, last, f"{key}:undo", "Undo")
            with st.popover("Changes", icon=":material/history:"):
                _list(page, found, key)


def _list(page: Page, found: list[EditCard], key: str) -> None:
    people = names(page)
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            who = people.get(one.said_by, "somebody who left")
            done = " · taken back" if one.undone_at else ""
            st.markdown(f"{plain(one.title)}  \n:small[{plain(who)}, {ago(one.created_at)}{done}]", width="content")
            if page.can_edit and not one.undone_at:
                _undo(page, one, f"{key}:undo:{one.id}", "")


def _undo(page: Page, edit: EditCard, key: str, label: str) -> None:
    st.button(
        label, icon=":material/undo:", key=key, on_click=_take_back, args=(page, edit), help=f"Take back: {plain(edit.title)}"
    )


def _take_back(page: Page, edit: EditCard) -> None:
    with page.guard():
        with page.transaction(needs="editor") as tx:
            undone = datasets.undo_edit(tx, edit.id)
        if edit.kind == "auto-captions":  # the captions on the page are those that were just taken back
            reload_forms("captions:")
        st.toast(f"Taken back for {undone.count}.{_kept(edit, undone.kept)}", icon=":material/undo:")


def _kept(edit: EditCard, n: int) -> str:
    if not n:
        return ""
    if edit.kind == "removed":
        return f" {n} cannot come back: added again since, or the file is gone for good."
    return f" {n} {'was' if n == 1 else 'were'} changed since and {'stays as it is' if n == 1 else 'stay as they are'}."
