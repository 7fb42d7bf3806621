"""The Write page: the influencer, and one of its parts: texts, ideas, chat."""

from __future__ import annotations

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard
from backend.language import joined, tr, tr_lazy, worded
from studio.budgets import costs
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.writing import writing_card, writing_chat, writing_ideas, writing_texts

PARTS = {"write": tr_lazy("Write"), "ideas": tr_lazy("Ideas"), "chat": tr_lazy("Chat")}


def writing(page: Page) -> None:
    """?influencer= and ?part= of the address choose what is open; ?id= shows one text alone."""
    if draft_id := st.query_params.get("id"):
        writing_card.draft_page(page, draft_id)
        return
    if st.query_params.get("part") == "drafts":  # an address of earlier versions
        page.go("library/texts")
    with page.transaction() as tx:
        influencer_cards = influencers.page(tx, take=200).cards
    if not influencer_cards:
        card = empty_state(
            tr("No influencers yet"),
            tr("Texts are written in an influencer's voice. Create one first."),
            icon=":material/ink_pen:",
        )
        with card:
            page.link("influencers/wizard", tr("New influencer"), icon=":material/person_add:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        influencer, part = _choose_influencer(influencer_cards), _choose_part()
    _writer_notice(page, influencer)
    match part:
        case "ideas":
            writing_ideas.ideas(page, influencer)
        case "chat":
            writing_chat.chat(page, influencer)
        case _:
            writing_texts.texts(page, influencer)


def _choose_influencer(influencer_cards: list[InfluencerCard]) -> InfluencerCard:
    influencers_by_id = {influencer.id: influencer for influencer in influencer_cards}
    requested = st.query_params.get("influencer") or current_influencer.current_influencer_id(list(influencers_by_id)) or ""
    chosen = st.selectbox(
        tr("Influencer"),
        list(influencers_by_id),
        index=list(influencers_by_id).index(requested) if requested in influencers_by_id else 0,
        width=260,
        format_func=lambda influencer_id: influencers_by_id[influencer_id].name,
        key="writing:who",
    )
    st.query_params["influencer"] = str(chosen)
    current_influencer.set_current_influencer(chosen)
    return influencers_by_id[str(chosen)]


def _choose_part() -> str:
    requested = st.query_params.get("part", "write")
    chosen = st.segmented_control(
        tr("Part"),
        list(PARTS),
        default=requested if requested in PARTS else "write",
        format_func=lambda part: worded(PARTS[part]),
        key="writing:part",
        label_visibility="collapsed",
        required=True,
    )
    st.query_params["part"] = str(chosen or "write")
    return str(chosen or "write")


def _writer_notice(page: Page, influencer: InfluencerCard) -> None:
    if not page.app.settings.text.is_model:
        sentence = tr("Basic templates: no language model is set.")
        if influencer.language not in ("en", "it"):
            language = worded(influencers.LANGUAGES.get(influencer.language, influencer.language))
            sentence = joined(
                sentence, tr("They are in English or Italian; a language model also writes {language}.", language=language)
            )
        st.caption(f":material/edit_off: {sentence}")
    costs.draw_budget_warning(page)
