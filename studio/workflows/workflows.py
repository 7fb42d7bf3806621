"""The list of imported workflows, and the page of one with its inputs, its trial picture and its approval."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import workflows
from backend.errors import StudioError
from backend.language import tr, tr_context, tr_lazy, tr_plural, worded
from backend.workflows import WorkflowCard
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.workflows import workflow_form as forms
from studio.workflows import workflow_trial

_STATES = {
    "draft": ("gray", ":material/edit:", tr_lazy("Not approved")),
    "approved": ("green", ":material/check:", tr_lazy("Approved")),
    "archived": ("gray", ":material/inventory_2:", tr_lazy("Archived")),
}
"""Colour, icon and label of a badge."""
_DELETED = "workflows:gone"


def workflows_page(page: Page) -> None:
    _undo_bar(page)
    _engine_hint(page)
    archived = st.toggle(tr("Archived"), key="workflows:archived")
    with page.transaction() as tx:
        cards = workflows.page(tx, archived=archived)
    if not cards:
        sentence = (
            tr("The archive is empty.")
            if archived
            else tr("Use your own ComfyUI graphs: import one and try it; then Create offers it like a built-in one.")
        )
        empty_state(tr("No workflows") if archived else tr("No workflows yet"), sentence, icon=":material/schema:")
    if page.can_edit and not archived:
        _import(page, expanded=not cards)
    for card in cards:
        _row(page, card)


def workflow_page(page: Page, graph_id: str) -> None:
    if st.button(tr("Workflows"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/workflows")
    with page.transaction() as tx:
        card = workflows.get(tx, graph_id)
    if card.deleted_at:
        st.warning(tr("This workflow was deleted. Pictures made with it are in the gallery."), icon=":material/delete:")
        if page.can_edit and st.button(tr("Restore"), icon=":material/undo:"):
            _undelete(page, card.id)
            st.rerun()
        return
    _head(page, card)
    problems = workflows.problems(card.graph, card.mapping, page.app.settings.engines.comfyui.allowed_classes)
    for sentence in problems:
        st.warning(plain(worded(sentence)), icon=":material/warning:")
    for sentence in _missing_on_server(page, card) if not problems else ():
        st.info(plain(worded(sentence)), icon=":material/inventory:")
    for sentence in workflows.remarks(card):
        st.caption(f":material/info: {worded(sentence)}")
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _inputs(page, card)
    with right:
        workflow_trial.trial(page, card, has_problems=bool(problems))


def _state_badge(state: str) -> str:
    colour, icon, label = _STATES[state]
    return f":{colour}-badge[{icon} {worded(label)}]"


def _row(page: Page, card: WorkflowCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.name)}** {_state_badge(card.state)}")
            takes = ", ".join(workflows.role_label(role) for role in card.takes if role != "prefix")
            nodes = tr_plural("{n:,} node", "{n:,} nodes", len(card.graph))
            inputs = tr("takes {inputs}", inputs=takes) if takes else tr("takes nothing")
            st.caption(f"{nodes} · {ago(card.updated_at)} · {inputs}")
            if card.notes:
                st.caption(plain(card.notes))
        if st.button(tr("Open"), key=f"workflow:{card.id}"):
            page.go("models/workflows", id=card.id)


def _head(page: Page, card: WorkflowCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## {plain(card.name)} {_state_badge(card.state)}", width="stretch")
        if card.state == "approved" and page.can_edit and st.button(tr("Create pictures with it"), icon=":material/brush:"):
            page.go("create/pictures", workflow=card.id)
        st.download_button(
            tr("Download"),
            json.dumps(card.graph, indent=1),
            f"{card.name}.json",
            "application/json",
            icon=":material/download:",
        )
        if page.can_edit:
            with st.popover(tr("More"), icon=":material/more_horiz:"):
                label = tr("Restore") if card.state == "archived" else tr_context("verb", "Archive")
                st.button(label, icon=":material/inventory_2:", on_click=_archive, args=(page, card))
                if st.button(tr("Delete workflow"), icon=":material/delete:"):
                    sentence = tr("Create will not offer {name} any more. Pictures made with it stay.", name=plain(card.name))
                    confirm(tr("Delete this workflow?"), sentence, action=tr("Delete"), act=lambda: _delete(page, card))
    if card.notes:
        st.markdown(plain(card.notes))


def _inputs(page: Page, card: WorkflowCard) -> None:
    fixed = not page.can_edit or card.state == "archived"
    if card.state == "approved" and page.can_edit:
        st.caption(tr("If you bind other inputs, it has to be tried and approved again."))
    if edit := forms.edit_form(f"workflow:edit:{card.id}:{card.updated_at:%H%M%S%f}", card, disabled=fixed):
        with page.guard():
            with page.transaction(needs="editor") as tx:
                workflows.edit(tx, card.id, draft=edit)
            st.toast(tr("Saved."), icon=":material/check:")
            st.rerun()
    with st.expander(tr("Nodes ({n:,})", n=len(card.graph)), icon=":material/account_tree:"):
        lines = [f"{workflows.node_label(card.graph, key)} — {node['class_type']}" for key, node in card.graph.items()]
        st.code("\n".join(lines), language=None)


def _import(page: Page, *, expanded: bool) -> None:
    with st.expander(tr("Import a workflow"), icon=":material/add:", expanded=expanded), page.guard():
        if draft := forms.import_form("workflows:new"):
            with page.transaction(needs="editor") as tx:
                card = workflows.import_workflow(tx, draft=draft)
            page.go("models/workflows", id=card.id)


def _engine_hint(page: Page) -> None:
    """Says that workflows need a ComfyUI, before somebody imports one that cannot be tried."""
    if not page.app.settings.engines.comfyui.url:
        st.info(
            tr(
                "Workflows need ComfyUI. Set COMFYUI_URL to the address of yours and restart the studio; "
                "until then you can import them, but not try them."
            ),
            icon=":material/power_off:",
        )


def _missing_on_server(page: Page, card: WorkflowCard) -> list[str]:
    """What is missing on the ComfyUI server before the workflow can run; [] where no ComfyUI draws, which is said elsewhere."""
    engine = page.app.engines.image
    if not any("graph" in model.features for model in engine.models()):
        return []
    return engine.missing_for(card.workflow)


def _archive(page: Page, card: WorkflowCard) -> None:
    _run_verb(page, lambda tx: workflows.archive(tx, card.id, archived=card.state != "archived"))


def _delete(page: Page, card: WorkflowCard) -> None:
    with page.transaction(needs="editor") as tx:
        workflows.delete(tx, card.id)
    st.session_state[_DELETED] = (card.id, card.name)
    page.go("models/workflows")


def _undelete(page: Page, graph_id: str) -> None:
    st.session_state.pop(_DELETED, None)
    _run_verb(page, lambda tx: workflows.undelete(tx, graph_id))


def _run_verb(page: Page, act: Callable[[Session], object]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            act(tx)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _undo_bar(page: Page) -> None:
    deleted = st.session_state.get(_DELETED)
    if not deleted or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(tr("Workflow “{name}” deleted.", name=plain(deleted[1])), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=_undelete, args=(page, deleted[0]))
        st.button(tr("OK"), type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))
