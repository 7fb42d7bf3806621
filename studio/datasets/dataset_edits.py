"""The list of a dataset's edits by all users, each with its undo."""

from __future__ import annotations

import streamlit as st

from backend import accounts, datasets
from backend.datasets import EditCard, UndoResult
from backend.language import joined, tr, tr_lazy_plural, worded
from studio.shell.frame import Page
from studio.ui.format import ago, plain
from studio.ui.forms import reload_forms, submit_once


def member_names(page: Page) -> dict[str, str]:
    """User id -> name, of the workspace's members."""
    with page.transaction() as tx:
        return {member.user_id: member.name for member in accounts.members(tx)}


MAX_EDITS = 12


def last_edit(page: Page, dataset_id: str, *, key: str, edits: list[EditCard] | None = None) -> None:
    """The newest edit that was not undone, with its undo, and a list of earlier ones. `edits`: the newest MAX_EDITS, if the
    caller has read them already."""
    if edits is None:
        with page.transaction() as tx:
            edits = datasets.list_edits(tx, dataset_id, take=MAX_EDITS)
    last = next((edit for edit in edits if edit.undone_at is None), None)
    if last is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"{plain(worded(last.title))} · {ago(last.created_at)}", width="content")
        with st.container(horizontal=True, width="content"):
            if page.can_edit:
                _undo(page, last, f"{key}:undo", tr("Undo"), form=f"undo-edit:{dataset_id}")
            with st.popover(tr("Changes"), icon=":material/history:"):
                _list(page, edits, key)


def _list(page: Page, edits: list[EditCard], key: str) -> None:
    user_names = member_names(page)
    for edit in edits:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            user_name = user_names.get(edit.said_by) or tr("a former member")
            undone_text = " · " + tr("undone") if edit.undone_at else ""
            st.markdown(
                f"{plain(worded(edit.title))}  \n:small[{plain(user_name)}, {ago(edit.created_at)}{undone_text}]",
                width="content",
            )
            if page.can_edit and not edit.undone_at:
                _undo(page, edit, f"{key}:undo:{edit.id}", "", form=f"undo-edit:{edit.id}")


def _undo(page: Page, edit: EditCard, key: str, label: str, *, form: str) -> None:
    """`form`: all edits that one button takes back after another share it, so that a second press takes back one only."""
    st.button(
        label,
        icon=":material/undo:",
        key=key,
        on_click=_undo_edit,
        args=(page, edit, form),
        help=tr("Undo: {change}", change=plain(worded(edit.title))),
    )


def _undo_edit(page: Page, edit: EditCard, form: str) -> None:
    with page.guard():
        result = submit_once(form, None, lambda: _write_undo(page, edit.id))
        if edit.kind == "auto-captions":  # the forms on the page still hold the undone captions
            reload_forms("captions:")
        st.toast(
            worded(joined(_undone_text(result.count), _kept_text(edit, result.kept))),
            icon=":material/undo:",
        )


def _write_undo(page: Page, edit_id: str) -> UndoResult:
    with page.transaction(needs="editor") as tx:
        return datasets.undo_edit(tx, edit_id)


def _undone_text(n: int) -> str:
    return tr_lazy_plural("Undone for {n:,} picture.", "Undone for {n:,} pictures.", n)


def _kept_text(edit: EditCard, n: int) -> str:
    if not n:
        return ""
    if edit.kind == "removed":
        return tr_lazy_plural(
            "{n:,} cannot come back: added again since, or the file is gone for good.",
            "{n:,} cannot come back: added again since, or the files are gone for good.",
            n,
        )
    return tr_lazy_plural("{n:,} was changed since and stays as it is.", "{n:,} were changed since and stay as they are.", n)
