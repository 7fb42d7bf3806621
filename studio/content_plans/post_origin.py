"""What a post was made from: its pictures with face match and prompt, and its text."""

from __future__ import annotations

import streamlit as st

from backend import content_plans
from backend.content_plans import OriginFile, PlanCard
from studio.content_plans.post_status import face_match_badge
from studio.gallery.picture_urls import picture
from studio.shell.frame import Page
from studio.ui.format import media_url, plain


def show(page: Page, card: PlanCard) -> None:
    """Nothing for a post without files and text."""
    with page.transaction() as tx:
        origin = content_plans.origin_of(tx, card)
    if not (origin.files or origin.text or origin.repurposed_from):
        return
    with st.expander("Made from", icon=":material/account_tree:", key=f"origin:{card.id}"):
        for file in origin.files:
            _file(page, file)
        if origin.text:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f":material/ink_pen: {plain(origin.text.topic)}", width="stretch")
                page.link("create/texts", "Open the text", icon=":material/open_in_new:", id=origin.text.id)
        if origin.repurposed_from:
            page.link("calendar/calendar", "The post it repeats", icon=":material/replay:", id=origin.repurposed_from)


def _file(page: Page, file: OriginFile) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=64):
            link = (
                page.url("library/gallery", id=file.picture_id)
                if file.picture_id
                else page.url("library/videos", id=file.video_id)
                if file.video_id
                else ""
            )
            picture(media_url(page.workspace.id, file.asset_id, w=160), alt=file.title, ratio="1", link=link)
        st.markdown(" ".join(filter(None, [plain(file.title), face_match_badge(file.match)])), width="stretch")
