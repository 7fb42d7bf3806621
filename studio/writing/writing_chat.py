"""A chat with an influencer. Each user has a private one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from threading import Thread

import streamlit as st

from backend import writing
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.language import tr, worded
from backend.writing import ChatLine
from studio.content_plans import create_post
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import ago, plain

_DRAW_EVERY_S = 0.1
_FACE, _USER_ICON = ":material/face_3:", ":material/person:"


@dataclass(slots=True)
class _Answer:
    """An answer on its way, in a thread of its own: a run of the page that is cut off, or left, does not end it.

    `replaces`: the line that is asked again, "" for a new question.
    """

    question: str
    ask: Callable[..., ChatLine]
    replaces: str = ""
    pieces: list[str] = field(default_factory=list)
    future: Future[ChatLine] = field(default_factory=Future)

    def start(self) -> None:
        Thread(target=self._run, name="chat", daemon=True).start()

    def _run(self) -> None:
        try:
            self.future.set_result(self.ask(on_text=self.pieces.append))
        except BaseException as error:
            self.future.set_exception(error)


def chat(page: Page, influencer: InfluencerCard) -> None:
    slot = f"writing:chat:{influencer.id}"
    waiting: list[_Answer] = st.session_state.setdefault(f"{slot}:waiting", [])  # the first is on its way
    with page.transaction() as tx:
        chat_lines = writing.chat.list_lines(tx, influencer.id)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            tr("{name} knows their persona and their latest posts. This chat is private.", name=plain(influencer.name)),
            width="stretch",
        )
        can_clear = chat_lines and page.can_edit and not waiting
        if can_clear and st.button(tr("Clear chat"), icon=":material/delete:", type="tertiary"):
            confirm(
                tr("Clear this chat?"),
                tr("Your messages with {name} are deleted for good.", name=plain(influencer.name)),
                action=tr("Clear chat"),
                act=partial(_clear, page, influencer.id),
            )
    if not chat_lines and not waiting:
        st.info(
            tr("Ask {name} something: what they are doing today, what they think of a topic.", name=plain(influencer.name)),
            icon=":material/chat:",
        )
    for line in chat_lines:
        if not waiting or (line.state != "saying" and line.id != waiting[0].replaces):
            _line(page, line, influencer, waiting, last=line is chat_lines[-1])
    if error_message := st.session_state.pop(f"{slot}:error", ""):
        st.error(plain(worded(error_message)), icon=":material/error:")
    st.chat_input(
        tr("Write to {name}", name=influencer.name),
        max_chars=1000,
        disabled=not page.can_edit,
        key=slot,
        on_submit=_take_question,
        args=(page, influencer.id, slot, waiting),
    )
    if waiting:
        _follow(influencer, waiting, slot)


def _take_question(page: Page, influencer_id: str, slot: str, waiting: list[_Answer]) -> None:
    question = st.session_state[slot]
    transact = partial(page.transaction, "editor")
    _add(
        waiting,
        _Answer(question, partial(writing.chat.ask, page.app, transact, influencer_id=influencer_id, question=question)),
    )


def _ask_again(page: Page, line: ChatLine, waiting: list[_Answer]) -> None:
    transact = partial(page.transaction, "editor")
    _add(waiting, _Answer(line.question, partial(writing.chat.ask_again, page.app, transact, line_id=line.id), line.id))


def _add(waiting: list[_Answer], answer: _Answer) -> None:
    waiting.append(answer)
    if len(waiting) == 1:
        answer.start()


def _line(page: Page, line: ChatLine, influencer: InfluencerCard, waiting: list[_Answer], *, last: bool) -> None:
    with st.chat_message("user", avatar=_USER_ICON):
        st.markdown(_as_markdown(line.question))
    with st.chat_message("assistant", avatar=_FACE):
        if line.answer:
            st.markdown(_as_markdown(line.answer))
        for note in line.notes:
            st.warning(plain(worded(note.sentence)), icon=":material/rule:")
        if line.state == "said":
            st.caption(
                plain(tr("offline writer, no model") if line.model == "offline" else line.model) + f" · {ago(line.created_at)}"
            )
            source = PostSource(influencer_id=influencer.id, caption=line.answer[:5000])
            create_post.create_post_button(page, source, key=line.id, type="tertiary")
            return
        st.caption(tr("The answer ended early.") if line.answer else tr("No answer came."))
        if last and page.can_edit and not waiting:
            st.button(
                tr("Ask again"),
                key=f"again:{line.id}",
                icon=":material/refresh:",
                on_click=_ask_again,
                args=(page, line, waiting),
            )


def _follow(influencer: InfluencerCard, waiting: list[_Answer], slot: str) -> None:
    """Draws the first answer as it comes, and under it the questions that wait. An error is shown below the chat, where the
    question can be asked again."""
    boxes = []
    for answer in waiting:
        with st.chat_message("user", avatar=_USER_ICON):
            st.markdown(_as_markdown(answer.question))
        with st.chat_message("assistant", avatar=_FACE):
            boxes.append(st.empty())
    answer, box, drawn = waiting[0], boxes[0], 0
    box.caption(tr("{name} is thinking …", name=plain(influencer.name)))
    while not answer.future.done() and f"{slot}:waiting" in st.session_state:  # each such use lets a press on the page in
        wait([answer.future], timeout=_DRAW_EVERY_S)
        if len(answer.pieces) > drawn:
            drawn = len(answer.pieces)
            box.markdown(_as_markdown("".join(answer.pieces[:drawn])))
    error = answer.future.exception()
    if isinstance(error, StudioError):
        st.session_state[f"{slot}:error"] = error.message
    waiting.pop(0)
    if waiting:
        waiting[0].start()
    if error and not isinstance(error, StudioError):
        raise error
    st.rerun()


def _as_markdown(text: str) -> str:
    return "  \n".join(plain(line) for line in text.splitlines())


def _clear(page: Page, influencer_id: str) -> None:
    with page.transaction("editor") as tx:
        writing.chat.clear(tx, influencer_id)
