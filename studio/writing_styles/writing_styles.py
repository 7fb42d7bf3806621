"""The list of writing styles, and the page of one with its sources, measures and texts."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import writing_styles
from backend.errors import StudioError
from backend.writing_styles import WritingStyleCard
from studio.budgets import costs
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, plain
from studio.writing_styles import style_card, style_sources, style_texts
from studio.writing_styles import writing_style_form as forms

_DELETED = "styles:gone"
PARTS = {"write": "Write", "card": "Style card", "sources": "Files"}


def styles_page(page: Page) -> None:
    _undo_bar(page)
    with page.transaction() as tx:
        styles = writing_styles.page(tx)
    if not styles:
        empty_state(
            "No writing style yet",
            "Give the studio one or more PDFs by one author. It measures how they write, and writes new texts in that manner.",
            icon=":material/history_edu:",
        )
    if page.can_edit:
        with st.expander("New writing style", icon=":material/add:", expanded=not styles), page.guard():
            _new_style(page)
    for style in styles:
        _row(page, style)


def style_page(page: Page, style_id: str) -> None:
    if st.button("Writing styles", icon=":material/arrow_back:", type="tertiary"):
        page.go("models/writing_styles")
    with page.transaction() as tx:
        style = writing_styles.get(tx, style_id)
        speakers, sources = writing_styles.speakers(tx, style_id), writing_styles.sources(tx, style_id)
    _head(page, style, speakers)
    working = style_sources.working(page, style)
    if style.card is None:
        style_sources.sources(page, style, working=working)
        return
    if style.card.has_little_source:
        st.info(
            f"Learned from only {style.card.words:,} words. Under {writing_styles.RELIABLE_SOURCE_WORDS:,} the measures "
            "are unsteady: "
            "add more pages by the same author.",
            icon=":material/hourglass_bottom:",
        )
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="write",
        format_func=PARTS.__getitem__,
        key=f"style:part:{style.id}",
        label_visibility="collapsed",
        required=True,
    )
    refused = [source for source in sources if source.state == "refused"]
    if refused and part != "sources":
        st.warning(
            f"{count(len(refused), 'file')} of {len(sources)} could not be read, and taught it nothing: see Files for why.",
            icon=":material/scan_delete:",
        )
    match part:
        case "card":
            style_card.card(style.card)
        case "sources":
            style_sources.sources(page, style, working=working)
        case _:
            costs.draw_budget_warning(page)
            style_texts.write(page, style)


def _new_style(page: Page) -> None:
    st.caption("A name first; its PDFs come next.")
    if draft := forms.name_form("styles:new", submit="Go on"):
        with page.transaction(needs="editor") as tx:
            style = writing_styles.create(tx, draft)
        page.go("models/writing_styles", id=style.id)


def _row(page: Page, style: WritingStyleCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(style.name)}** {_badge(style)}")
            st.caption(_summary(style))
        if st.button("Open", key=f"style:{style.id}"):
            page.go("models/writing_styles", id=style.id)


def _badge(style: WritingStyleCard) -> str:
    if style.card is None:
        return ":gray-badge[:material/upload_file: Nothing learned yet]"
    return ":orange-badge[:material/hourglass_bottom: Little source]" if style.card.has_little_source else ":green-badge[Ready]"


def _summary(style: WritingStyleCard) -> str:
    parts = [f"used {ago(style.last_activity_at)}"]
    if style.card:
        language = writing_styles.LANGUAGES.get(style.card.language, "language not recognised")
        parts = [f"{style.card.words:,} words from {count(style.card.sources, 'file')}", language, *parts]
    if not style.kept:
        parts.append("goes when idle")
    return " · ".join(parts)


def _head(page: Page, style: WritingStyleCard, speakers: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## {plain(style.name)} {_badge(style)}", width="stretch")
        if page.can_edit:
            with st.popover("More", icon=":material/more_horiz:"), page.guard():
                if draft := forms.name_form(
                    f"style:edit:{style.id}", style, submit="Save", models=page.app.settings.text.is_model
                ):
                    writing_styles.check_model(page.app, draft.model)
                    with page.transaction(needs="editor") as tx:
                        writing_styles.edit(tx, style.id, draft)
                    st.rerun()
                if st.button("Delete writing style", icon=":material/delete:"):
                    confirm(
                        "Delete this writing style?",
                        _delete_warning(style, speakers),
                        action="Delete",
                        act=lambda: _delete(page, style),
                    )
    voice = f" · voice of {', '.join(plain(name) for name in speakers)}" if speakers else ""
    st.caption(_summary(style) + voice)


def _delete_warning(style: WritingStyleCard, speakers: list[str]) -> str:
    spoken = f" {', '.join(plain(name) for name in speakers)} will speak without it." if speakers else ""
    return f"{plain(style.name)}, what it learned and the texts written with it go.{spoken} Undo brings all of it back."


def _delete(page: Page, style: WritingStyleCard) -> None:
    with page.transaction(needs="editor") as tx:
        writing_styles.delete(tx, style.id, force=True)
    st.session_state[_DELETED] = (style.id, style.name)
    page.go("models/writing_styles")


def _undo_bar(page: Page) -> None:
    deleted = st.session_state.get(_DELETED)
    if not deleted or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"“{plain(deleted[1])}” deleted.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_undelete, args=(page, deleted[0]))
        st.button("Fine", type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))


def _undelete(page: Page, style_id: str) -> None:
    st.session_state.pop(_DELETED, None)
    run_verb(page, lambda tx: writing_styles.undelete(tx, style_id))


def run_verb(page: Page, act: Callable[[Session], object]) -> None:
    """Runs an editor's verb in a callback; a StudioError is shown as a toast."""
    try:
        with page.transaction(needs="editor") as tx:
            act(tx)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
