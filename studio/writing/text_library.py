"""Library → Texts: everything that was written, hashtag sets and comment templates."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend import content_plans, generation, writing
from backend.content_plans import PostSource
from backend.generation import PictureCard
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.writing import CONTENT_TYPES, DraftCard
from studio.content_plans import create_post, snippets
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.thumbnails import thumbnail

TAKE = 20
_PARTS = {
    "draft": tr_lazy("Not used yet"),
    "used": tr_lazy("In a post"),
    "hashtags": tr_lazy("Hashtag sets"),
    "comments": tr_lazy("Comment templates"),
}


def text_library(page: Page) -> None:
    """`?part=` of the address chooses what is open. Texts are those of the top bar's influencer, or of all."""
    requested = st.query_params.get("part", "draft")
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            tr("Show"),
            list(_PARTS),
            default=requested if requested in _PARTS else "draft",
            format_func=lambda part: worded(_PARTS[part]),
            key="texts:part",
            required=True,
            label_visibility="collapsed",
        )
        part = part or "draft"
        st.query_params["part"] = part
        ideas = part == "draft" and st.toggle(tr("Ideas only"), key="texts:only-ideas")
    if part == "hashtags":
        snippets.hashtag_sets(page)
    elif part == "comments":
        snippets.comment_templates(page)
    else:
        _texts(page, part, ideas)


def _texts(page: Page, state: str, ideas: bool) -> None:
    slot = f"texts:take:{page.influencer_id}:{state}:{ideas}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        texts = writing.page(tx, influencer_id=page.influencer_id, states=(state,), ideas=True if ideas else None, take=take)
        picture_cards = generation.pictures(tx, [card.picture_id for card in texts.cards if card.picture_id])
        plan_ids = content_plans.plan_ids_of_texts(tx, [card.id for card in texts.cards])
    if not texts.cards:
        _empty(page, state)
        return
    pictures = {card.id: card for card in picture_cards}
    st.caption(tr("{n} of {total:,}", n=len(texts.cards), total=texts.total))
    for card in texts.cards:
        _row(page, card, pictures, plan_ids.get(card.id, ""))
    if texts.next_cursor and st.button(tr("Show older ones")):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _empty(page: Page, state: str) -> None:
    if state == "used":
        st.caption(tr("No text is in a post yet. Choose “Create post” beside a text."))
        return
    card = empty_state(
        tr("No texts yet"), tr("Captions and ideas that are not in a post yet are kept here."), icon=":material/notes:"
    )
    if page.can_edit:
        with card:
            page.link("create/texts", tr("Write one"), icon=":material/ink_pen:")


def _row(page: Page, card: DraftCard, pictures: Mapping[str, PictureCard], plan_id: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        picture_card = pictures.get(card.picture_id or "")
        thumbnail(page.workspace.id, picture_card.asset_id if picture_card else None, icon="notes", size="medium")
        with st.container(gap="xxsmall"):
            text = card.parts.caption or card.parts.hook or card.topic
            st.markdown(plain(text if len(text) <= 200 else text[:199] + "…"))
            facts = [
                "" if page.influencer_id else plain(card.influencer_name),
                tr("idea for day {day}", day=card.day) if card.day else "",
                worded(CONTENT_TYPES[card.content_type].title),
                plain(card.topic),
                ago(card.updated_at),
            ]
            n_broken_rules = sum(not note.repaired for note in card.notes)
            if n_broken_rules:
                facts.append(tr_plural(":orange[{n:,} broken rule]", ":orange[{n:,} broken rules]", n_broken_rules))
            st.caption(" · ".join(fact for fact in facts if fact))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if plan_id:
                page.link("calendar/post", tr("Open the post"), icon=":material/calendar_month:", id=plan_id)
            else:
                create_post.create_post_button(page, PostSource(text_id=card.id), key=card.id)
            if st.button(tr("Open"), key=f"open:{card.id}"):
                page.go("create/texts", id=card.id)
