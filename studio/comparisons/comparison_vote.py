"""Blind votes on a comparison: voters see neither which version drew a picture nor how others voted."""

from __future__ import annotations

import streamlit as st

from backend import comparisons
from backend.comparisons import ComparisonCard
from studio.components.blind_vote import blind_vote
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import media_url


def show_vote(page: Page, card: ComparisonCard) -> None:
    if not page.can_edit:
        st.info("Voting is for people with editor rights. You see the result of their votes.", icon=":material/lock:")
        return
    with page.transaction() as tx:
        ballot = comparisons.next_ballot(tx, card.id)
        faces = comparisons.reference_pictures(tx, card.id)
    if ballot.pair is None and not ballot.votes:
        st.info("Votes need pictures of at least two checkpoints or strengths. Wait for more.", icon=":material/hourglass_top:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Which picture is better?**", width="content")
        if faces:
            st.caption("The face as trained:", width="content")
            thumbs([media_url(page.workspace.id, asset_id, w=160) for asset_id in faces], alt="training picture")
    ratio = f"{card.plan.width}/{card.plan.height}"
    if blind_vote(f"trial:vote:{card.id}", workspace=page.workspace.id, trial_id=card.id, ballot=ballot, ratio=ratio):
        st.session_state["trial:wanted"] = "result"
        st.rerun()
