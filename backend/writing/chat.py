"""Chats with an influencer, who knows their persona and latest posts. Each user has a private chat with each influencer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend import budgets
from backend.db.tables import TalkLine
from backend.engines.ports.text import AnswerCutOff, Brief, TextRequest, UnusableAnswer
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.kit.texts import clipped, printable
from backend.language import tr_lazy
from backend.writing import checks, prompts
from backend.writing.composition import WritingContext, llm_cost_of
from backend.writing.schemas import BrokenRule, ChatLine, LlmCost
from backend.writing.writing_context import load_context, recent_posts

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]
MAX_QUESTION, REMEMBERED_LINES, _ANSWER_TOKENS = 1000, 12, 400
SHOWN_LINES = 100
_EARLIER_ANSWER_BYTES = 1000
"""So many bytes of an earlier answer are shown to the model again."""


def ask(
    app: App, transact: Transact, *, influencer_id: str, question: str, on_text: Callable[[str], None] = lambda text: None
) -> ChatLine:
    """Asks a question and returns it with the answer; `on_text` is called with each piece as it comes.

    The question is saved before the model is asked. When the answer ends early, what had come is saved with state "cut".

    Raises Invalid, NotFound, budgets.OverBudget, and what the text engine raises.
    """
    question = printable(question).strip()
    if not 1 <= len(question) <= MAX_QUESTION:
        raise Invalid(tr_lazy("Write 1 to {max_question} characters.", max_question=MAX_QUESTION))
    return _ask(app, transact, influencer_id, question, on_text, _ANSWER_TOKENS)


def _ask(
    app: App, transact: Transact, influencer_id: str, question: str, on_text: Callable[[str], None], max_tokens: int
) -> ChatLine:
    with transact() as tx:
        context, posts, earlier_lines = (
            load_context(tx, influencer_id),
            recent_posts(tx, influencer_id),
            list_lines(tx, influencer_id, take=REMEMBERED_LINES),
        )
        row = TalkLine(id=new_id("say"), influencer_id=influencer_id, user_id=tx.info["user_id"], question=question)
        tx.add(row)
        tx.flush()
        line_id = row.id
    request = replace(_build_request(context, posts, earlier_lines, question), max_tokens=max_tokens)
    return _answer(app, transact, line_id, request, context, on_text)


def ask_again(app: App, transact: Transact, *, line_id: str, on_text: Callable[[str], None] = lambda text: None) -> ChatLine:
    """Asks a question that got no whole answer once more, with three times the tokens. Raises as `ask`."""
    with transact() as tx:
        row = tx.scalars(select(TalkLine).where(TalkLine.id == line_id, TalkLine.user_id == tx.info["user_id"])).first()
        if row is None:
            raise NotFound(tr_lazy("This question does not exist any more. The chat may have been cleared."))
        influencer_id, question = row.influencer_id, row.question
        tx.delete(row)
    return _ask(app, transact, influencer_id, question, on_text, 3 * _ANSWER_TOKENS)


def list_lines(tx: Session, influencer_id: str, *, take: int = SHOWN_LINES) -> list[ChatLine]:
    """The last lines of the user's own chat, oldest first."""
    own_lines = TalkLine.influencer_id == influencer_id, TalkLine.user_id == tx.info["user_id"]
    rows = tx.scalars(select(TalkLine).where(*own_lines).order_by(TalkLine.id.desc()).limit(take)).all()
    return [_line_of(row) for row in reversed(rows)]


def clear(tx: Session, influencer_id: str) -> int:
    """Deletes the user's own chat with them. Returns how many questions there were."""
    own_lines = TalkLine.influencer_id == influencer_id, TalkLine.user_id == tx.info["user_id"]
    return len(tx.execute(delete(TalkLine).where(*own_lines).returning(TalkLine.id)).all())


def _build_request(
    context: WritingContext, posts: Sequence[str], earlier_lines: Sequence[ChatLine], question: str
) -> TextRequest:
    card, persona = context.card, context.card.persona
    earlier_exchanges = tuple(
        (line.question, clipped(line.answer, _EARLIER_ANSWER_BYTES))
        for line in earlier_lines
        if line.state == "said" and line.answer
    )
    brief = Brief(
        "",
        card.language,
        name=card.name,
        tone=persona.tone,
        topics=persona.topics,
        bio=persona.bio,
        said=question,
        recent=tuple(post.partition(":")[0] for post in posts),
        variant=len(earlier_lines),
        avoid=persona.never_say,
    )
    system = prompts.chat_system_message(card, recent=posts, voice=context.voice)
    return TextRequest("cheap", system, question, before=earlier_exchanges, brief=brief)


def _answer(
    app: App, transact: Transact, line_id: str, request: TextRequest, context: WritingContext, on_text: Callable[[str], None]
) -> ChatLine:
    pieces: list[str] = []

    def collect(text: str) -> None:
        pieces.append(text)
        on_text(text)

    card = context.card
    try:
        reply = budgets.complete(
            app, transact, request, purpose=budgets.CallPurpose("talk", influencer_id=card.id), on_text=collect
        )
    except UnusableAnswer as error:  # paid, and no answer of theirs: a cut one is shown as such
        cut_answer = error.reply.text.strip() if isinstance(error, AnswerCutOff) else ""
        with transact() as tx:
            _save_answer(tx, line_id, "cut", cut_answer, (), llm_cost_of(error.reply))
        raise
    except BaseException:  # also when the page is left while the answer comes
        with transact() as tx:
            _save_answer(tx, line_id, "cut", printable("".join(pieces)), (), LlmCost())
        raise
    answer = reply.text.strip()
    notes = checks.check_chat_answer(answer, card.persona, card.language)
    with transact() as tx:
        _save_answer(tx, line_id, "said", answer, notes, llm_cost_of(reply))
        return _line_of(tx.get_one(TalkLine, line_id, populate_existing=True))


def _save_answer(tx: Session, line_id: str, state: str, answer: str, notes: Sequence[BrokenRule], cost: LlmCost) -> None:
    values: dict[str, Any] = {"state": state, "answer": answer, "notes": [note.as_json() for note in notes]}
    values |= {"model": cost.model, "cost_usd": cost.usd}
    tx.execute(update(TalkLine).where(TalkLine.id == line_id).values(**values))


def _line_of(row: TalkLine) -> ChatLine:
    return ChatLine(
        row.id,
        row.question,
        row.answer,
        row.state,
        tuple(BrokenRule.from_json(note) for note in row.notes),
        row.model,
        row.created_at,
    )
