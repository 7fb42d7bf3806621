"""The page of consents: the list, a new one, and one with its statement, its recording and what was made with it."""

from __future__ import annotations

import streamlit as st

from backend import consents, influencers
from backend.consents import LANGUAGES, ConsentCard, ConsentDraft
from studio.consents import consent_details
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, plain
from studio.ui.notices import show_queued_toasts

PAGE_SIZE = 50
_TAKE = "consents:take"
STATES = {
    "unread": ":gray-badge[Not read yet]",
    "checking": ":blue-badge[Being checked]",
    "refused": ":red-badge[Read again]",
    "valid": ":green-badge[Valid]",
    "expired": ":gray-badge[Over]",
    "revoked": ":red-badge[Revoked]",
}


def draw(page: Page) -> None:
    """`?id=<consent>` shows one."""
    show_queued_toasts()
    with page.transaction() as tx:
        names = {card.id: card.name for card in influencers.page(tx).cards}
    if consent_id := st.query_params.get("id"):
        with page.transaction() as tx:
            card = consents.get(tx, consent_id)
        page.link("settings/consents", "All consents", icon=":material/arrow_back:")
        _head(card, names)
        consent_details.draw(page, card)
        return
    st.caption("A voice is copied only of somebody who reads a statement aloud, and who can take it back at any time.")
    if page.can_edit:
        _new(page, names)
    with page.transaction() as tx:
        consent_page = consents.page(tx, take=st.session_state.get(_TAKE, PAGE_SIZE))
    if not consent_page.cards:
        empty_state("No consents yet", "Nobody's voice is copied in this workspace.", icon=":material/record_voice_over:")
    for card in consent_page.cards:
        with st.container(border=True):
            _head(card, names)
            page.link("settings/consents", "Open", icon=":material/arrow_forward:", id=card.id)
    if consent_page.next_cursor:
        st.button("Show older ones", on_click=_take_more)


def _take_more() -> None:
    st.session_state[_TAKE] = st.session_state.get(_TAKE, PAGE_SIZE) + PAGE_SIZE


def _head(card: ConsentCard, names: dict[str, str]) -> None:
    scope = plain(names.get(card.influencer_id, "a deleted influencer")) if card.influencer_id else "every influencer"
    until = f"until {card.expires_on}" if card.expires_on else "until it is revoked"
    st.markdown(f"**{plain(card.subject_name)}** {STATES[card.state]}")
    st.caption(f"Voice · {LANGUAGES[card.language]} · for {scope} · {until} · made {ago(card.created_at)}")


def _new(page: Page, names: dict[str, str]) -> None:
    with st.expander("New consent", icon=":material/add:"), st.form("consent:new", border=False):
        name = st.text_input("Name of the person", max_chars=120, placeholder="As they introduce themselves")
        left, right = st.columns(2)
        language = left.selectbox("Language of the statement", list(LANGUAGES), format_func=lambda code: LANGUAGES[code])
        influencer_id = right.selectbox(
            "For", ["", *names], format_func=lambda option: plain(names[option]) if option else "Every influencer"
        )
        expires_on = st.date_input("Last day", None, help="Empty: until it is revoked")
        submitted = st.form_submit_button("Write the statement", type="primary")
    if submitted:
        with page.guard():
            draft = ConsentDraft(
                subject_name=name, language=language, influencer_id=influencer_id or None, expires_on=expires_on
            )
            with page.transaction(needs="editor") as tx:
                card = consents.create(tx, draft)
            st.query_params["id"] = card.id
            st.rerun()
