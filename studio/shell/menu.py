"""The sidebar of a signed-in user: the workspace and the sections of the studio. Links keep the workspace in their address."""

from __future__ import annotations

import streamlit as st

from backend import accounts
from backend.db.transactions import RANK
from backend.language import tr, worded
from studio.shell import nav
from studio.shell.current_influencer import INFLUENCER_PARAM
from studio.shell.frame import WORKSPACE_PARAM, current_workspace
from studio.shell.page_focus import page_focus

_CHOICE = "_workspace_choice"


def show(session_info: accounts.SessionInfo, *, page: str) -> None:
    """`page`: the address of the page shown beside it."""
    workspace = current_workspace(session_info.workspaces)
    query = {WORKSPACE_PARAM: workspace.id} if workspace else {}
    if influencer_id := st.query_params.get(INFLUENCER_PARAM):
        query[INFLUENCER_PARAM] = influencer_id
    can_edit = workspace is not None and RANK[workspace.role] >= RANK["editor"]
    shown = nav.at(page)
    with st.sidebar, st.container(gap="xsmall"):
        if session_info.workspaces:
            _switcher(session_info.workspaces, workspace)
        with st.container(gap=None, key="menu"):
            for section in nav.SECTIONS:
                if not (can_edit or section.for_viewers):
                    continue
                with st.container(gap=None, key=f"menu-{'current' if section.name == shown.section else section.name}"):
                    first_page = nav.source(nav.first_page(section.name).file)
                    st.page_link(
                        first_page, label=worded(section.title), icon=section.icon, query_params=query, width="stretch"
                    )
        page_focus(page=page, title=worded(shown.title))


def _switcher(workspaces: tuple[accounts.WorkspaceCard, ...], current: accounts.WorkspaceCard | None) -> None:
    names = {workspace.id: workspace.name for workspace in workspaces}
    st.session_state[_CHOICE] = current.id if current else None
    st.selectbox(
        tr("Workspace"),
        list(names),
        key=_CHOICE,
        format_func=names.__getitem__,
        on_change=_switch,
        label_visibility="collapsed",
    )


def _switch() -> None:
    """Opens the same page in the other workspace, without `id` and `influencer`, which are of this one."""
    st.query_params.from_dict({WORKSPACE_PARAM: st.session_state[_CHOICE]})
