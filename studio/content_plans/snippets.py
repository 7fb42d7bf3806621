"""Hashtag sets and comment templates: lists with a form, as parts of Library → Texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import CommentTemplate, CommentTemplateDraft, HashtagSet, HashtagSetDraft
from backend.errors import StudioError
from backend.language import tr, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.buttons import icon_button
from studio.ui.empty_state import empty_state
from studio.ui.format import plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

Delete = Callable[[Session], Any]


def hashtag_sets(page: Page) -> None:
    show_queued_toasts()
    with page.transaction() as tx:
        sets = content_plans.hashtag_sets(tx, page.influencer_id)
    _head(page, tr("New hashtag set"), partial(_hashtag_form, page, None))
    if not sets:
        empty_state(
            tr("No hashtag sets yet"), tr("Hashtags that go together, put into a post with one click."), icon=":material/tag:"
        )
    for card in sets:
        hashtags = " ".join(f"#{tag}" for tag in card.hashtags)
        note = f"{_owner(page, card.influencer_id)} · " + tr_plural("{n:,} hashtag", "{n:,} hashtags", len(card.hashtags))
        _row(
            page,
            (card.id, card.name, hashtags, note),
            edit=partial(_hashtag_form, page, card),
            delete=partial(content_plans.delete_hashtag_set, set_id=card.id),
        )


def comment_templates(page: Page) -> None:
    show_queued_toasts()
    with page.transaction() as tx:
        templates = content_plans.comment_templates(tx, page.influencer_id)
    _head(page, tr("New comment template"), partial(_comment_form, page, None))
    if not templates:
        sentence = tr("First comments to use again: a question, a link, your sources.")
        empty_state(tr("No comment templates yet"), sentence, icon=":material/comment:")
    for card in templates:
        _row(
            page,
            (card.id, card.name, card.text, _owner(page, card.influencer_id)),
            edit=partial(_comment_form, page, card),
            delete=partial(content_plans.delete_comment_template, template_id=card.id),
        )


def _owner(page: Page, influencer_id: str) -> str:
    return plain(page.influencer_names.get(influencer_id) or tr("An influencer")) if influencer_id else tr("Everybody")


def _head(page: Page, label: str, open_form: Callable[[], None]) -> None:
    if not page.can_edit:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(label, icon=":material/add:"):
            open_form()


def _row(page: Page, texts: tuple[str, str, str, str], *, edit: Callable[[], None], delete: Delete) -> None:
    """`texts`: id, name, what it puts into a post, a note."""
    snippet_id, name, text, note = texts
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"snippet:{snippet_id}"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(name)}**")
            st.markdown(plain(text))
            st.caption(note)
        if page.can_edit:
            if icon_button(tr("Edit"), ":material/edit:", key=f"snippet-edit:{snippet_id}"):
                edit()
            icon_button(
                tr("Delete"),
                ":material/delete:",
                key=f"snippet-delete:{snippet_id}",
                on_click=_delete,
                args=(page, delete),
            )


def _delete(page: Page, delete: Delete) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        delete(tx)


def _hashtag_form(page: Page, card: HashtagSet | None) -> None:
    @st.dialog(tr("Hashtag set"))
    def form() -> None:
        name, influencer_id = _common_fields(page, card)
        value = " ".join(f"#{tag}" for tag in card.hashtags) if card else ""
        hashtags = st.text_area(tr("Hashtags"), value, placeholder="#lisbon #tram28 #slowtravel", max_chars=2200)

        def save(tx: Session) -> None:
            draft = HashtagSetDraft(name=name, influencer_id=influencer_id, hashtags=hashtags)
            content_plans.save_hashtag_set(tx, draft, set_id=card.id if card else "")

        _save_button(page, save)

    form()


def _comment_form(page: Page, card: CommentTemplate | None) -> None:
    @st.dialog(tr("Comment template"))
    def form() -> None:
        name, influencer_id = _common_fields(page, card)
        text = st.text_area(tr("First comment"), card.text if card else "", max_chars=2200)

        def save(tx: Session) -> None:
            draft = CommentTemplateDraft(name=name, influencer_id=influencer_id, text=text)
            content_plans.save_comment_template(tx, draft, template_id=card.id if card else "")

        _save_button(page, save)

    form()


def _common_fields(page: Page, card: HashtagSet | CommentTemplate | None) -> tuple[str, str]:
    """(name, influencer id or "" for everybody)."""
    name = st.text_input(tr("Name"), card.name if card else "", max_chars=60)
    choices = ["", *page.influencer_names]
    current = card.influencer_id if card else page.influencer_id
    influencer_id = st.selectbox(
        tr("For posts of"),
        choices,
        index=choices.index(current) if current in choices else 0,
        format_func=lambda influencer_id: page.influencer_names.get(influencer_id) or tr("Everybody"),
    )
    return name, influencer_id or ""


def _save_button(page: Page, save: Callable[[Session], None]) -> None:
    if not st.button(tr("Save"), type="primary"):
        return
    try:
        with page.transaction(needs="editor") as tx:
            save(tx)
    except StudioError as error:
        st.error(plain(worded(error.message)), icon=":material/error:")
        return
    queue_toast(tr("Saved."))
    st.rerun()
