"""The row at the top of every page: its title, the current influencer, new things, running jobs, the inbox and the user; below
it the pages of the section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import accounts
from backend.db.transactions import Anonymous
from backend.language import tr, tr_context, worded
from studio.help import sheet as help_sheet
from studio.shell import current_influencer, nav, resources, session
from studio.shell.command_palette import command_palette
from studio.shell.status_badges import CREATIONS, creation_query, status_badges
from studio.ui.format import avatar_url, esc, plain

if TYPE_CHECKING:
    from studio.shell.frame import Page

_CHOICE = "_influencer_choice"
_AVATAR_CSS = """<style>.st-key-icon-only-user button { background: center / cover url("URL"); }
.st-key-icon-only-user button [data-testid="stIconMaterial"] { visibility: hidden; }</style>"""


def show(page: Page, item: nav.NavItem) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="top-bar"):
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall", key="top-bar-tools"):
            command_palette(page, item.file)
            _influencer(page)
            if page.can_edit:
                with st.popover(tr_context("button", "New"), icon=":material/add:", key="top-bar-new"):
                    for file, label, icon in CREATIONS:
                        page.link(file, worded(label), icon=icon, **creation_query(file))
            status_badges(page, item.file)
            if url := avatar_url(page.workspace.id, page.user.id, page.user.avatar_id):
                st.html(_AVATAR_CSS.replace("URL", esc(url)))
            with st.popover(tr("Your account"), icon=":material/account_circle:", key="icon-only-user"):
                st.markdown(plain(page.user.name))
                st.caption(plain(page.user.email))
                page.link("settings/account", tr("Profile"), icon=":material/person:")
                page.link("settings/notices", tr("Notices"), icon=":material/notifications:")
                about_page = st.button(tr("About this page"), type="tertiary", icon=":material/help:", key="_about_page")
                page.link("home/help", tr("Help"), icon=":material/menu_book:")
                page.link("settings/history", tr("My history"), icon=":material/history:")
                st.button(tr("Sign out"), on_click=_sign_out, type="tertiary", icon=":material/logout:", key="_sign_out")
        # Behind the tools, though shown before them (theme.py): from the heading, Tab goes on into the page
        st.title(worded(item.title), anchor=False, width="stretch")
    if about_page:
        help_sheet.show(page, item.file)


def show_tabs(page: Page, item: nav.NavItem) -> None:
    """Links to the pages of the section that `item` belongs to."""
    tabs = nav.tabs(item.section) if item.is_tab else []
    if not tabs:
        return
    with st.container(horizontal=True, gap="small", key="section-tabs"):
        for tab in tabs:
            key = "section-tab-current" if tab is item else f"section-tab-{tab.path}"
            with st.container(width="content", key=key):
                page.link(tab.file, worded(tab.title))


def _influencer(page: Page) -> None:
    """The choice of the influencer. Nothing where there is only one to choose."""
    names = page.influencer_names
    if len(names) < 2:
        return
    st.session_state[_CHOICE] = page.influencer_id
    st.selectbox(
        tr("Influencer"),
        ["", *names],
        key=_CHOICE,
        format_func=lambda influencer_id: names.get(influencer_id, tr("All influencers")),
        on_change=_choose,
        label_visibility="collapsed",
        width=180,
    )


def _choose() -> None:
    current_influencer.choose_influencer(st.session_state[_CHOICE])


def _sign_out() -> None:
    with resources.app().db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, session.token())
