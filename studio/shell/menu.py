"""The sidebar of a signed-in user: workspace, pages, user. Links keep the workspace in their address."""

from __future__ import annotations

import streamlit as st

from backend import accounts
from backend.db.transactions import Anonymous
from studio.shell import nav, resources, session
from studio.shell.frame import WORKSPACE_PARAM, current_workspace
from studio.ui.format import plain

_CHOICE = "_workspace_choice"
_PHONE_WIDTH_PX = 768

_fold_menu = st.components.v2.component(
    "studio_menu_folding",
    js="""
let last = null
export default function ({ data }) {
  if (last !== null && last !== data.page && window.innerWidth < data.narrow)
    document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
  last = data.page
}
""",
)
"""On a phone the menu covers the page, so it folds once another page was chosen, as Streamlit's own menu does."""


def show(session_info: accounts.SessionInfo, *, page: str) -> None:
    """`page`: the address of the page shown beside it."""
    workspace = current_workspace(session_info.workspaces)
    with st.sidebar, st.container(gap="xsmall"):
        if session_info.workspaces:
            _switcher(session_info.workspaces, workspace)
        query = {WORKSPACE_PARAM: workspace.id} if workspace else {}
        for section, items in nav.sections().items():
            with st.container(gap=None, key=f"menu-{section}"):
                st.caption(section)
                for item in items:
                    st.page_link(nav.source(item.file), label=item.title, icon=item.icon, query_params=query, width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", key="menu-user"):
            st.markdown(f":small[{plain(session_info.user.name)}]", width="stretch")
            st.button("Sign out", on_click=_sign_out, type="tertiary", icon=":material/logout:", key="_sign_out")
        _fold_menu(key="_folding", data={"page": page, "narrow": _PHONE_WIDTH_PX}, height=1)


def _switcher(workspaces: tuple[accounts.WorkspaceCard, ...], current: accounts.WorkspaceCard | None) -> None:
    names = {workspace.id: workspace.name for workspace in workspaces}
    st.session_state[_CHOICE] = current.id if current else None
    st.selectbox(
        "Workspace", list(names), key=_CHOICE, format_func=names.__getitem__, on_change=_switch, label_visibility="collapsed"
    )


def _switch() -> None:
    """Opens the same page in the other workspace, without `id`, which is of this one."""
    st.query_params.from_dict({WORKSPACE_PARAM: st.session_state[_CHOICE]})


def _sign_out() -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, session.token())
