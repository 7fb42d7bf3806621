"""A talk with an influencer, answered as they would. Every person has their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from backend import writing
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.writing import Said
from studio.shell.frame import Page
from studio.ui.confirm import confirm
from studio.ui.format import ago, plain

_TROUBLE = "writing:chat:trouble"
_FACE, _ME = ":material/face_3:", ":material/person:"


def chat(page: Page, who: InfluencerCard) -> None:
    with page.transaction() as tx:
        talk = writing.chat.lines(tx, who.id)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{plain(who.name)} knows who they are and what they posted lately. This talk is yours alone.", width="stretch"
        )
        if talk and page.can_edit and st.button("Clear the talk", icon=":material/delete:", type="tertiary"):
            confirm(
                "Clear this talk?", f"What you and {plain(who.name)} said here is gone for good.", action="Clear it",
                act=partial(_clear, page, who.id),
            )  # fmt: skip
    if not talk:
        st.info(f"Ask {plain(who.name)} something: what they do today, what they think of a topic.", icon=":material/chat:")
    for line in talk:
        _line(page, line, who, last=line is talk[-1])
    if trouble := st.session_state.pop(f"{_TROUBLE}:{who.id}", ""):
        st.error(plain(trouble), icon=":material/error:")
    asked = st.chat_input(f"Write to {who.name}", max_chars=1000, disabled=not page.can_edit, key=f"writing:chat:{who.id}")
    if asked:
        with st.chat_message("user", avatar=_ME):
            st.markdown(_told(asked))
        _answer(page, who, partial(writing.chat.say, influencer_id=who.id, question=asked))


def _line(page: Page, line: Said, who: InfluencerCard, *, last: bool) -> None:
    with st.chat_message("user", avatar=_ME):
        st.markdown(_told(line.question))
    with st.chat_message("assistant", avatar=_FACE):
        if line.answer:
            st.markdown(_told(line.answer))
        for note in line.notes:
            st.warning(plain(note.sentence), icon=":material/rule:")
        if line.state == "said":
            st.caption(
                plain("offline writer, no model" if line.model == "offline" else line.model) + f" · {ago(line.created_at)}"
            )
            return
        st.caption("The answer ended early." if line.answer else "No answer came.")
        pressed = last and page.can_edit and st.button("Ask again", key=f"again:{line.id}", icon=":material/refresh:")
    if pressed:
        _answer(page, who, partial(writing.chat.again, line_id=line.id))


def _answer(page: Page, who: InfluencerCard, ask: Callable[..., Said]) -> None:
    """Drawn word by word as it comes; what went wrong is said below the talk, where it can be asked again."""
    with st.chat_message("assistant", avatar=_FACE):
        box, come = st.empty(), list[str]()
        box.caption(f"{plain(who.name)} is thinking …")

        def heard(words: str) -> None:
            come.append(words)
            box.markdown(_told("".join(come)))

        try:
            ask(page.app, partial(page.transaction, "editor"), heard=heard)
        except StudioError as error:
            st.session_state[f"{_TROUBLE}:{who.id}"] = error.message
        st.rerun()


def _told(text: str) -> str:
    return "  \n".join(plain(line) for line in text.splitlines())


def _clear(page: Page, influencer_id: str) -> None:
    with page.transaction("editor") as tx:
        writing.chat.clear(tx, influencer_id)
