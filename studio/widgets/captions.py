"""Captions of a dataset: bulk changes that can be taken back, then each picture beside its words, a page at a time."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import CaptionEdit, EditCard, ImageCard
from studio.format import count, media_url
from studio.forms.seen import load_again, offer_newer, seen
from studio.frame import Page
from studio.widgets.picture import thumbs

PER_PAGE = 12


def captions(page: Page, dataset_id: str) -> None:
    """Bulk changes, then every picture with its caption, a page at a time."""
    with page.transaction() as tx:
        found = datasets.images(tx, dataset_id, take=5000)
    if not found.images:
        st.caption("Captions come with the pictures; add some first.")
        return
    tools = st.container()
    pages = -(-len(found.images) // PER_PAGE)
    at = st.pagination(pages, key=f"captions:page:{dataset_id}") if pages > 1 else 1
    form = f"captions:{dataset_id}:{at}"
    with tools:
        if page.can_edit:
            _bulk(page, dataset_id, form)
    _edit(page, form, found.images[(at - 1) * PER_PAGE : at * PER_PAGE])


def _edit(page: Page, form: str, images: list[ImageCard]) -> None:
    key, before = seen(form, images)
    if before != images:
        offer_newer(form, "These pictures or captions have changed since you opened this page.")
    texts: dict[str, str] = {}
    with st.form(key, border=False):
        for n, one in enumerate(before):
            left, right = st.columns([1, 4])
            with left:
                thumbs([media_url(page.workspace.id, one.asset_id, w=160)], side=96, alt=one.filename)
            texts[one.id] = right.text_area(
                one.filename, one.caption, key=f"{key}:{n or 'first'}", height=80, disabled=not page.can_edit
            )
        sent = st.form_submit_button("Save captions", type="primary", disabled=not page.can_edit)
    changed = {one.id: (texts[one.id], one.caption_version) for one in before if texts[one.id] != one.caption}
    if sent and changed:
        with page.transaction(needs="editor") as tx:
            datasets.set_captions(tx, changed)
        load_again(form)
        st.toast(f"{count(len(changed), 'caption')} saved.", icon=":material/check:")
        st.rerun()


def _bulk(page: Page, dataset_id: str, form: str) -> None:
    with st.container(horizontal=True):
        with st.popover("Find and replace", icon=":material/find_replace:"), st.form("bulk:replace", border=False):
            find, put = st.text_input("Find"), st.text_input("Replace with")
            if st.form_submit_button("Replace everywhere") and find:
                with page.transaction(needs="editor") as tx:
                    changed = datasets.edit_captions(tx, dataset_id, CaptionEdit(verb="replace", find=find, put=put))
                _remember(form, changed)
        with st.popover("Put in front", icon=":material/first_page:"), st.form("bulk:prefix", border=False):
            prefix = st.text_input("Text to put in front of every caption", placeholder="portrait of ")
            if st.form_submit_button("Put in front") and prefix:
                with page.transaction(needs="editor") as tx:
                    changed = datasets.edit_captions(tx, dataset_id, CaptionEdit(verb="prefix", put=prefix))
                _remember(form, changed)
    _undo(page, form)


def _remember(form: str, changed: EditCard) -> None:
    st.session_state["captions:changed"] = changed
    load_again(form)
    st.rerun()


def _undo(page: Page, form: str) -> None:
    changed: EditCard | None = st.session_state.get("captions:changed")
    if changed is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"{count(changed.count, 'caption')} changed.", width="content")
        if changed.count:
            st.button("Undo", icon=":material/undo:", key="captions:undo", on_click=_take_back, args=(page, form, changed))


def _take_back(page: Page, form: str, changed: EditCard) -> None:
    with page.guard():
        with page.transaction(needs="editor") as tx:
            datasets.undo_edit(tx, changed.id)
        st.session_state.pop("captions:changed", None)
        load_again(form)
