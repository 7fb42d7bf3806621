"""The Write page: who speaks, and one of its parts."""

from __future__ import annotations

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard
from studio.budgets import costs
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.writing import writing_card, writing_chat, writing_drafts, writing_ideas, writing_texts

PARTS = {"write": "Write", "ideas": "Ideas", "chat": "Chat", "drafts": "Drafts"}


def writing(page: Page) -> None:
    """?influencer= and ?part= choose what is open; ?id= shows one text alone."""
    if draft_id := st.query_params.get("id"):
        writing_card.alone(page, draft_id)
        return
    with page.transaction() as tx:
        people = influencers.page(tx, take=200).cards
    if not people:
        card = empty_state(
            "Whose words?", "A text is written in somebody's voice. Make an influencer first.", icon=":material/ink_pen:"
        )
        with card:
            page.link("start/wizard", "New influencer", icon=":material/person_add:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who, part = _who(people), _part()
    _by_whom(page, who)
    match part:
        case "ideas":
            writing_ideas.ideas(page, who)
        case "chat":
            writing_chat.chat(page, who)
        case "drafts":
            writing_drafts.drafts(page, who)
        case _:
            writing_texts.texts(page, who)


def _who(people: list[InfluencerCard]) -> InfluencerCard:
    known = {one.id: one for one in people}
    asked = st.query_params.get("influencer") or current_influencer.influencer(list(known)) or ""
    chosen = st.selectbox(
        "Influencer", list(known), index=list(known).index(asked) if asked in known else 0, width=260,
        format_func=lambda one: known[one].name, key="writing:who",
    )  # fmt: skip
    st.query_params["influencer"] = str(chosen)
    current_influencer.work_with(chosen)
    return known[str(chosen)]


def _part() -> str:
    asked = st.query_params.get("part", "write")
    chosen = st.segmented_control(
        "Part", list(PARTS), default=asked if asked in PARTS else "write", format_func=PARTS.__getitem__, key="writing:part",
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    st.query_params["part"] = str(chosen or "write")
    return str(chosen or "write")


def _by_whom(page: Page, who: InfluencerCard) -> None:
    if not page.app.settings.text_is_model:
        language = influencers.LANGUAGES.get(who.language, who.language)
        says = (
            "put together from the persona; no language model is set."
            if who.language in ("en", "it")
            else f"which writes English and Italian only, not {language}. A language model writes {language}."
        )
        st.caption(f":material/edit_off: By the offline writer, {says}")
    costs.say_near(page)
