"""All texts and ideas of an influencer, by state."""

from __future__ import annotations

import streamlit as st

from backend import writing
from backend.content_plans import PostSource
from backend.influencers import InfluencerCard
from backend.writing import CONTENT_TYPES, DraftCard
from studio.content_plans import create_post
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain

TAKE = 20
_STATES = {"draft": "Drafts", "used": "Used", "discarded": "Discarded"}


def drafts(page: Page, influencer: InfluencerCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        state = st.segmented_control(
            "Show",
            list(_STATES),
            default="draft",
            format_func=_STATES.__getitem__,
            key="writing:state",
            required=True,
            label_visibility="collapsed",
        )
        ideas = st.toggle("Ideas only", key="writing:only-ideas")
    slot = f"writing:take:{influencer.id}:{state}:{ideas}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        drafts_page = writing.page(
            tx, influencer_id=influencer.id, states=(state or "draft",), ideas=True if ideas else None, take=take
        )
    if not drafts_page.cards:
        _empty(state or "draft", influencer)
        return
    st.caption(f"{len(drafts_page.cards)} of {drafts_page.total:,}")
    for card in drafts_page.cards:
        _row(page, card)
    if drafts_page.next_cursor and st.button("Show older ones"):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _empty(state: str, influencer: InfluencerCard) -> None:
    if state == "draft":
        empty_state(
            "No drafts yet",
            f"What you write for {plain(influencer.name)}, and ideas for their days, are kept here.",
            icon=":material/draft:",
        )
    else:
        st.caption("Nothing here.")


def _row(page: Page, card: DraftCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            text = card.parts.caption or card.parts.hook or card.topic
            st.markdown(plain(text if len(text) <= 200 else text[:199] + "…"))
            day = f"idea for day {card.day} · " if card.day else ""
            n_broken_rules = sum(not note.repaired for note in card.notes)
            st.caption(
                f"{day}{CONTENT_TYPES[card.content_type].title} · {plain(card.topic)} · {ago(card.updated_at)}"
                + (f" · :orange[{n_broken_rules} broken rule{'s' if n_broken_rules > 1 else ''}]" if n_broken_rules else "")
            )
        if card.state != "discarded":
            create_post.create_post_button(page, PostSource(text_id=card.id), key=card.id)
        if st.button("Open", key=f"open:{card.id}"):
            page.go("create/texts", id=card.id)
