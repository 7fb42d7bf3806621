"""The help sheet: what the shown page is for and what can be done there, from the chapter that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.language import reader, tr
from studio.help import chapters, help, tour
from studio.shell.command_palette import show_keys

if TYPE_CHECKING:
    from studio.shell.frame import Page

_WITHOUT_MENU = """<style>[data-testid="stPopoverBody"]:has(.st-key-_about_page) { display: none; }</style>"""
"""The account's menu, which the sheet was opened from, would lie over it."""


def show(page: Page, file: str) -> None:
    """Opens the dialog about the page `file` (such as `create/pictures`)."""
    explained = chapters.about_page(reader().language, file)
    if explained is None:
        page.go("home/help")
    chapter, section = explained

    @st.dialog(section.title)
    def sheet() -> None:
        st.html(_WITHOUT_MENU)
        st.markdown(section.text)
        st.divider()
        with st.container(horizontal=True, vertical_alignment="center"):
            help.chapter_link(page, chapter)
            page.link("home/help", tr("All help"), icon=":material/help:")
            if st.button(tr("Keys"), type="tertiary", icon=":material/keyboard:", key="help:keys"):
                show_keys()
                st.rerun()
            if st.button(tr("Take the tour"), icon=":material/tour:", type="tertiary", key="help:tour"):
                tour.start(page)
                page.go("home/home")

    sheet()
