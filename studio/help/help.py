"""The page Help: its chapters, a search over them, and the tour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.language import reader, tr, worded
from studio.help import chapters, tour
from studio.help.chapters import Chapter
from studio.shell import nav
from studio.ui.format import plain

if TYPE_CHECKING:
    from studio.shell.frame import Page

CHAPTER_PARAM = "chapter"
_COLUMNS = 3
_ICONS = {
    "first-steps": ":material/flag:",
    "datasets": ":material/photo_library:",
    "training": ":material/model_training:",
    "create": ":material/brush:",
    "texts": ":material/ink_pen:",
    "posts": ":material/calendar_month:",
    "channels": ":material/cell_tower:",
    "reels": ":material/smart_display:",
    "automations": ":material/auto_mode:",
    "results": ":material/monitoring:",
    "team": ":material/groups:",
    "privacy": ":material/verified_user:",
    "operator": ":material/terminal:",
}


def draw(page: Page) -> None:
    language = reader().language
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            tr("Search the help"), key="help:search", icon=":material/search:", placeholder=tr("caption, seed, calendar …")
        )
        if st.button(tr("Take the tour"), icon=":material/tour:"):
            tour.start(page)
            page.go("home/home")
    chapter = chapters.chapter(language, st.query_params.get(CHAPTER_PARAM, ""))
    if query.strip():
        _results(page, language, query)
    elif chapter:
        _chapter(page, language, chapter)
    else:
        _contents(page, language)


def chapter_link(page: Page, chapter: Chapter, label: str = "") -> None:
    page.link("home/help", label or chapter.title, icon=_ICONS[chapter.slug], **{CHAPTER_PARAM: chapter.slug})


def page_link(page: Page, file: str) -> None:
    item = nav.item(file)
    page.link(file, worded(item.title), icon=item.icon)


def _contents(page: Page, language: str) -> None:
    every = chapters.chapters(language)
    for start in range(0, len(every), _COLUMNS):
        for column, chapter in zip(st.columns(_COLUMNS), every[start : start + _COLUMNS], strict=False):
            with column.container(border=True, height="stretch"):
                chapter_link(page, chapter)
                st.caption(chapter.intro)


def _chapter(page: Page, language: str, chapter: Chapter) -> None:
    page.link("home/help", tr("All chapters"), icon=":material/arrow_back:")
    with st.container(width=760):
        st.header(chapter.title, anchor=False)
        st.markdown(chapter.intro)
        for section in chapter.sections:
            st.subheader(section.title, anchor=False)
            st.markdown(section.text)
            if files := [file for file in section.pages if file != "home/help"]:
                with st.container(horizontal=True, gap="small"):
                    for file in files:
                        page_link(page, file)
        every = chapters.chapters(language)
        following = every.index(chapter) + 1
        if following < len(every):
            st.divider()
            chapter_link(page, every[following], tr("Next: {chapter}", chapter=every[following].title))


def _results(page: Page, language: str, query: str) -> None:
    hits = chapters.search(language, query)
    if not hits:
        st.markdown(tr("Nothing about “{query}”. Try another word.", query=plain(query.strip())))
    for hit in hits:
        with st.container(border=True):
            chapter_link(page, hit.chapter, f"{hit.chapter.title} · {hit.section.title}")
            st.caption(plain(hit.excerpt))
