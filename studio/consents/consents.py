"""The page of consents: the list, a new one, and one with its statement, its recording and what was made with it."""

from __future__ import annotations

import streamlit as st

from backend import consents, influencers
from backend.consents import LANGUAGES, ConsentCard, ConsentDraft
from backend.language import tr, tr_lazy, worded
from studio.consents import consent_details
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, date_text, plain
from studio.ui.forms import submit_once
from studio.ui.notices import show_queued_toasts

PAGE_SIZE = 50
_TAKE = "consents:take"
_STATES = {
    "unread": ("gray", tr_lazy("Not read yet")),
    "checking": ("blue", tr_lazy("Being checked")),
    "refused": ("red", tr_lazy("Read again")),
    "valid": ("green", tr_lazy("Valid")),
    "expired": ("gray", tr_lazy("Expired")),
    "revoked": ("red", tr_lazy("Revoked")),
}


def draw(page: Page) -> None:
    """`?id=<consent>` shows one."""
    show_queued_toasts()
    with page.transaction() as tx:
        names = {card.id: card.name for card in influencers.page(tx).cards}
    if consent_id := st.query_params.get("id"):
        with page.transaction() as tx:
            card = consents.get(tx, consent_id)
        page.link("settings/consents", tr("All consents"), icon=":material/arrow_back:")
        _head(card, names)
        consent_details.draw(page, card)
        return
    st.caption(tr("A voice is copied only if its owner reads a statement aloud. They can revoke it at any time."))
    if page.can_edit:
        _new(page, names)
    with page.transaction() as tx:
        consent_page = consents.page(tx, take=st.session_state.get(_TAKE, PAGE_SIZE))
    if not consent_page.cards:
        empty_state(
            tr("No consents yet"), tr("Nobody's voice is copied in this workspace."), icon=":material/record_voice_over:"
        )
    for card in consent_page.cards:
        with st.container(border=True):
            _head(card, names)
            page.link("settings/consents", tr("Open"), icon=":material/arrow_forward:", id=card.id)
    if consent_page.next_cursor:
        st.button(tr("Show older ones"), on_click=_take_more)


def _take_more() -> None:
    st.session_state[_TAKE] = st.session_state.get(_TAKE, PAGE_SIZE) + PAGE_SIZE


def _head(card: ConsentCard, names: dict[str, str]) -> None:
    color, label = _STATES[card.state]
    scope = plain(names.get(card.influencer_id) or tr("a deleted influencer")) if card.influencer_id else tr("all influencers")
    until = tr("until {date}", date=date_text(card.expires_on)) if card.expires_on else tr("until it is revoked")
    st.markdown(f"**{plain(card.subject_name)}** :{color}-badge[{worded(label)}]")
    st.caption(
        tr(
            "Voice · {language} · for {influencers} · {until} · created {time}",
            language=worded(LANGUAGES[card.language]),
            influencers=scope,
            until=until,
            time=ago(card.created_at),
        )
    )


def _new(page: Page, names: dict[str, str]) -> None:
    with st.expander(tr("New consent"), icon=":material/add:"), st.form("consent:new", border=False):
        name = st.text_input(tr("Name of the person"), max_chars=120, placeholder=tr("As they introduce themselves"))
        left, right = st.columns(2)
        language = left.selectbox(
            tr("Language of the statement"), list(LANGUAGES), format_func=lambda code: worded(LANGUAGES[code])
        )
        influencer_id = right.selectbox(
            tr("For"), ["", *names], format_func=lambda option: plain(names[option]) if option else tr("All influencers")
        )
        expires_on = st.date_input(tr("Last day"), None, help=tr("Empty: until it is revoked"))
        submitted = st.form_submit_button(tr("Create the statement"), type="primary")
    if submitted:
        with page.guard():
            draft = ConsentDraft(
                subject_name=name, language=language, influencer_id=influencer_id or None, expires_on=expires_on
            )
            card = submit_once("consent:new", draft, lambda: _create(page, draft))
            st.query_params["id"] = card.id
            st.rerun()


def _create(page: Page, draft: ConsentDraft) -> ConsentCard:
    with page.transaction(needs="editor") as tx:
        return consents.create(tx, draft)
