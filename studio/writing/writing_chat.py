"""A chat with an influencer. Each user has a private one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from backend import writing
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.writing import ChatLine
from studio.content_plans import create_post
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import ago, plain

_ERROR = "writing:chat:trouble"
_FACE, _USER_ICON = ":material/face_3:", ":material/person:"


def chat(page: Page, influencer: InfluencerCard) -> None:
    with page.transaction() as tx:
        chat_lines = writing.chat.list_lines(tx, influencer.id)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{plain(influencer.name)} knows who they are and what they posted lately. This talk is yours alone.",
            width="stretch",
        )
        if chat_lines and page.can_edit and st.button("Clear the talk", icon=":material/delete:", type="tertiary"):
            confirm(
                "Clear this talk?",
                f"What you and {plain(influencer.name)} said here is gone for good.",
                action="Clear it",
                act=partial(_clear, page, influencer.id),
            )
    if not chat_lines:
        st.info(
            f"Ask {plain(influencer.name)} something: what they do today, what they think of a topic.", icon=":material/chat:"
        )
    for line in chat_lines:
        _line(page, line, influencer, last=line is chat_lines[-1])
    if error_message := st.session_state.pop(f"{_ERROR}:{influencer.id}", ""):
        st.error(plain(error_message), icon=":material/error:")
    question = st.chat_input(
        f"Write to {influencer.name}", max_chars=1000, disabled=not page.can_edit, key=f"writing:chat:{influencer.id}"
    )
    if question:
        with st.chat_message("user", avatar=_USER_ICON):
            st.markdown(_as_markdown(question))
        _answer(page, influencer, partial(writing.chat.ask, influencer_id=influencer.id, question=question))


def _line(page: Page, line: ChatLine, influencer: InfluencerCard, *, last: bool) -> None:
    with st.chat_message("user", avatar=_USER_ICON):
        st.markdown(_as_markdown(line.question))
    with st.chat_message("assistant", avatar=_FACE):
        if line.answer:
            st.markdown(_as_markdown(line.answer))
        for note in line.notes:
            st.warning(plain(note.sentence), icon=":material/rule:")
        if line.state == "said":
            st.caption(
                plain("offline writer, no model" if line.model == "offline" else line.model) + f" · {ago(line.created_at)}"
            )
            source = PostSource(influencer_id=influencer.id, caption=line.answer[:5000])
            create_post.create_post_button(page, source, key=line.id, type="tertiary")
            return
        st.caption("The answer ended early." if line.answer else "No answer came.")
        pressed = last and page.can_edit and st.button("Ask again", key=f"again:{line.id}", icon=":material/refresh:")
    if pressed:
        _answer(page, influencer, partial(writing.chat.ask_again, line_id=line.id))


def _answer(page: Page, influencer: InfluencerCard, ask: Callable[..., ChatLine]) -> None:
    """Draws the answer as it comes. An error is shown below the chat, where the question can be asked again."""
    with st.chat_message("assistant", avatar=_FACE):
        box, pieces = st.empty(), list[str]()
        box.caption(f"{plain(influencer.name)} is thinking …")

        def on_text(text: str) -> None:
            pieces.append(text)
            box.markdown(_as_markdown("".join(pieces)))

        try:
            ask(page.app, partial(page.transaction, "editor"), on_text=on_text)
        except StudioError as error:
            st.session_state[f"{_ERROR}:{influencer.id}"] = error.message
        st.rerun()


def _as_markdown(text: str) -> str:
    return "  \n".join(plain(line) for line in text.splitlines())


def _clear(page: Page, influencer_id: str) -> None:
    with page.transaction("editor") as tx:
        writing.chat.clear(tx, influencer_id)
