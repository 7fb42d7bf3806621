"""Influencers: the list of them. The page of one is in hub.py."""

from __future__ import annotations

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard
from backend.language import tr, tr_context
from studio.gallery.picture_urls import picture, placeholder
from studio.influencers.sample import add_button
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import media_url, plain
from studio.ui.notices import show_queued_toasts

_TWO_ON_A_PHONE = """<style>
@media (max-width: 640px) {
  .st-key-influencer-cards { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
  .st-key-influencer-cards [data-testid="stVerticalBlock"] { padding: 8px; gap: 8px; }
}
</style>"""


def listing(page: Page) -> None:
    show_queued_toasts()
    archived = False
    with st.container(horizontal=True, vertical_alignment="center"):
        if page.can_edit and st.button(tr("New influencer"), type="primary", icon=":material/person_add:"):
            page.go("influencers/wizard")
        archived = st.toggle(
            tr_context("noun", "Archive"), key="influencers:archived", help=tr("Influencers you have archived")
        )
    with page.transaction() as tx:
        influencer_page = influencers.page(tx, archived=archived, take=200)
    if not influencer_page.cards:
        _empty(page, archived)
        return
    st.html(_TWO_ON_A_PHONE)
    with st.grid(min_column_width=220, key="influencer-cards"):
        for card in influencer_page.cards:
            with st.container(border=True):
                _card(page, card)


def _empty(page: Page, archived: bool) -> None:
    if archived:
        st.caption(tr("The archive is empty."))
        return
    card = empty_state(
        tr("Who will it be?"),
        tr(
            "An influencer has a name, a voice and a face. The wizard takes you from a name to first "
            "pictures; a sample with a month of posts lets you try everything first."
        ),
        icon=":material/person_add:",
    )
    with card:
        add_button(page, key="empty")


def _card(page: Page, card: InfluencerCard) -> None:
    cover(page, card)
    st.markdown(f"**{plain(card.name)}**" + (" :violet-badge[" + tr("Sample") + "]" if card.is_sample else ""))
    bio = " ".join(card.persona.bio.split())
    st.caption(
        plain(bio if len(bio) <= 90 else bio[:89].rstrip() + "…") or tr("trigger word {word}", word=plain(card.trigger_word))
    )
    if card.archived_at:
        st.button(tr("Restore"), key=f"restore:{card.id}", on_click=_restore, args=(page, card.id), width="stretch")
    elif st.button(tr("Open"), key=f"influencer:{card.id}", width="stretch"):
        page.go("influencers/influencers", id=card.id)


def cover(page: Page, card: InfluencerCard, *, ratio: str = "1") -> None:
    if card.cover_asset_id:
        picture(media_url(page.workspace.id, card.cover_asset_id, w=640), alt=card.name, ratio=ratio)
    else:
        placeholder(card.name[:1].upper(), ratio=ratio)


def _restore(page: Page, influencer_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        influencers.restore(tx, influencer_id)
