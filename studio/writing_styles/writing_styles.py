"""The list of writing styles, and the page of one with its sources, measures and texts."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from babel.lists import format_list
from sqlalchemy.orm import Session

from backend import writing_styles
from backend.errors import StudioError
from backend.language import joined, reader, tr, tr_lazy, tr_plural, worded
from backend.writing_styles import WritingStyleCard
from studio.budgets import costs
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.forms import submit_once
from studio.writing_styles import style_card, style_sources, style_texts
from studio.writing_styles import writing_style_form as forms

_DELETED = "styles:gone"
_UPLOAD, _HOURGLASS = ":material/upload_file:", ":material/hourglass_bottom:"
PARTS = {"write": tr_lazy("Write"), "card": tr_lazy("Style card"), "sources": tr_lazy("Files")}


def styles_page(page: Page) -> None:
    _undo_bar(page)
    with page.transaction() as tx:
        styles = writing_styles.page(tx)
    if not styles:
        empty_state(
            tr("No writing style yet"),
            tr(
                "Upload one or more PDFs by one author. The studio measures how they write, and writes new texts in that style."
            ),
            icon=":material/history_edu:",
        )
    if page.can_edit:
        with st.expander(tr("New writing style"), icon=":material/add:", expanded=not styles), page.guard():
            _new_style(page)
    for style in styles:
        _row(page, style)


def style_page(page: Page, style_id: str) -> None:
    if st.button(tr("Writing styles"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/writing_styles")
    with page.transaction() as tx:
        style = writing_styles.get(tx, style_id)
        speakers, sources = writing_styles.speakers(tx, style_id), writing_styles.sources(tx, style_id)
    _head(page, style, speakers)
    working = style_sources.working(page, style)
    if not working:
        style_sources.offer_unread(page, style)
    if style.card is None:
        style_sources.sources(page, style, working=working)
        return
    if style.card.has_little_source:
        st.info(
            tr(
                "Learned from only {words:,} words. Below {enough:,} the measures are not reliable: add more pages by "
                "the same author.",
                words=style.card.words,
                enough=writing_styles.RELIABLE_SOURCE_WORDS,
            ),
            icon=":material/hourglass_bottom:",
        )
    part = st.segmented_control(
        tr("Part"),
        list(PARTS),
        default="write",
        format_func=lambda part: worded(PARTS[part]),
        key=f"style:part:{style.id}",
        label_visibility="collapsed",
        required=True,
    )
    refused = [source for source in sources if source.state == "refused"]
    if refused and part != "sources":
        st.warning(
            tr_plural(
                "{n:,} of {total:,} files could not be read and was not used: see Files.",
                "{n:,} of {total:,} files could not be read and were not used: see Files.",
                len(refused),
                total=len(sources),
            ),
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
    st.caption(tr("Name it first; you add the PDFs next."))
    if draft := forms.name_form("styles:new", submit=tr("Continue")):

        def create() -> WritingStyleCard:
            with page.transaction(needs="editor") as tx:
                return writing_styles.create(tx, draft)

        page.go("models/writing_styles", id=submit_once("styles:new", draft, create).id)


def _row(page: Page, style: WritingStyleCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(style.name)}** {_badge(style)}")
            st.caption(_summary(style))
        if st.button(tr("Open"), key=f"style:{style.id}"):
            page.go("models/writing_styles", id=style.id)


def _badge(style: WritingStyleCard) -> str:
    if style.card is None:
        return f":gray-badge[{_UPLOAD} {tr('Nothing learned yet')}]"
    if style.card.has_little_source:
        return f":orange-badge[{_HOURGLASS} {tr('Little source')}]"
    return f":green-badge[{tr('Ready')}]"


def _summary(style: WritingStyleCard) -> str:
    parts = [tr("used {time}", time=ago(style.last_activity_at))]
    if style.card:
        language = worded(writing_styles.LANGUAGES.get(style.card.language) or tr_lazy("language not recognised"))
        source = tr_plural(
            "{words:,} words from {n:,} file", "{words:,} words from {n:,} files", style.card.sources, words=style.card.words
        )
        parts = [source, language, *parts]
    if not style.kept:
        parts.append(tr("deleted when unused"))
    return " · ".join(parts)


def _head(page: Page, style: WritingStyleCard, speakers: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## {plain(style.name)} {_badge(style)}", width="stretch")
        if page.can_edit:
            with st.popover(tr("More"), icon=":material/more_horiz:"), page.guard():
                if draft := forms.name_form(
                    f"style:edit:{style.id}", style, submit=tr("Save"), models=page.app.settings.text.is_model
                ):
                    writing_styles.check_model(page.app, draft.model)
                    with page.transaction(needs="editor") as tx:
                        writing_styles.edit(tx, style.id, draft)
                    st.rerun()
                if st.button(tr("Delete writing style"), icon=":material/delete:"):
                    confirm(
                        tr("Delete this writing style?"),
                        _delete_warning(style, speakers),
                        action=tr("Delete"),
                        act=lambda: _delete(page, style),
                    )
    facts = [_summary(style)]
    if speakers:
        facts.append(tr("voice of {names}", names=_names(speakers)))
    st.caption(" · ".join(facts))


def _names(speakers: list[str]) -> str:
    return format_list([plain(name) for name in speakers], locale=reader().language)


def _delete_warning(style: WritingStyleCard, speakers: list[str]) -> str:
    return joined(
        tr("{name}, what it learned and its texts are deleted.", name=plain(style.name)),
        tr("Influencers that will write without it: {names}.", names=_names(speakers)) if speakers else "",
        tr("You can undo this."),
    )


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
        st.markdown(tr("“{name}” was deleted.", name=plain(deleted[1])), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=_undelete, args=(page, deleted[0]))
        st.button(tr("Close"), type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))


def _undelete(page: Page, style_id: str) -> None:
    st.session_state.pop(_DELETED, None)
    run_verb(page, lambda tx: writing_styles.undelete(tx, style_id))


def run_verb(page: Page, act: Callable[[Session], object]) -> None:
    """Runs an editor's verb in a callback; a StudioError is shown as a toast."""
    try:
        with page.transaction(needs="editor") as tx:
            act(tx)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")
