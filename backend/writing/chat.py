"""A talk with an influencer: who they are and what they posted lately is remembered; each person has a talk of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend import budgets
from backend.db.tables import TalkLine
from backend.engines.text.port import Brief, CutOff, TextRequest, Unusable
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.kit.texts import clipped, printable
from backend.writing import checks, prompts
from backend.writing.composition import About, bill_of
from backend.writing.schemas import LlmCost, Note, Said
from backend.writing.writing_context import about, lately

if TYPE_CHECKING:
    from backend.bootstrap import App

Transact = Callable[[], AbstractContextManager[Session]]
MAX_QUESTION, REMEMBERED, _ANSWER_TOKENS = 1000, 12, 400
SHOWN = 100
_REPEATED = 1000
"""Bytes of an earlier answer that the model is told again."""


def say(
    app: App, transact: Transact, *, influencer_id: str, question: str, heard: Callable[[str], None] = lambda words: None
) -> Said:
    """Their answer; `heard` gets it as it comes. What was asked is kept before, what had come is kept when it ends early.

    Raises Invalid, NotFound, budgets.OverBudget, and what the text engine raises.
    """
    question = printable(question).strip()
    if not 1 <= len(question) <= MAX_QUESTION:
        raise Invalid(f"Write 1 to {MAX_QUESTION} characters.")
    return _say(app, transact, influencer_id, question, heard, _ANSWER_TOKENS)


def _say(
    app: App, transact: Transact, influencer_id: str, question: str, heard: Callable[[str], None], max_tokens: int
) -> Said:
    with transact() as tx:
        whose, posts, before = about(tx, influencer_id), lately(tx, influencer_id), lines(tx, influencer_id, take=REMEMBERED)
        row = TalkLine(id=new_id("say"), influencer_id=influencer_id, user_id=tx.info["user_id"], question=question)
        tx.add(row)
        tx.flush()
        line_id = row.id
    request = replace(_request(whose, posts, before, question), max_tokens=max_tokens)
    return _answer(app, transact, line_id, request, whose, heard)


def again(app: App, transact: Transact, *, line_id: str, heard: Callable[[str], None] = lambda words: None) -> Said:
    """A question that got no whole answer, asked once more, with more room. Raises as `say`."""
    with transact() as tx:
        row = tx.scalars(select(TalkLine).where(TalkLine.id == line_id, TalkLine.user_id == tx.info["user_id"])).first()
        if row is None:
            raise NotFound("This question does not exist any more. The talk may have been cleared.")
        influencer_id, question = row.influencer_id, row.question
        tx.delete(row)
    return _say(app, transact, influencer_id, question, heard, 3 * _ANSWER_TOKENS)


def lines(tx: Session, influencer_id: str, *, take: int = SHOWN) -> list[Said]:
    """The last lines of one's own talk, oldest first."""
    mine = TalkLine.influencer_id == influencer_id, TalkLine.user_id == tx.info["user_id"]
    rows = tx.scalars(select(TalkLine).where(*mine).order_by(TalkLine.id.desc()).limit(take)).all()
    return [_said(row) for row in reversed(rows)]


def clear(tx: Session, influencer_id: str) -> int:
    """Forgets one's own talk with them. How many questions there were."""
    mine = TalkLine.influencer_id == influencer_id, TalkLine.user_id == tx.info["user_id"]
    return len(tx.execute(delete(TalkLine).where(*mine).returning(TalkLine.id)).all())


def _request(whose: About, posts: Sequence[str], before: Sequence[Said], question: str) -> TextRequest:
    card, persona = whose.card, whose.card.persona
    told = tuple((one.question, clipped(one.answer, _REPEATED)) for one in before if one.state == "said" and one.answer)
    brief = Brief(
        "", card.language, name=card.name, tone=persona.tone, topics=persona.topics, bio=persona.bio, said=question,
        recent=tuple(one.partition(":")[0] for one in posts), variant=len(before), avoid=persona.never_say,
    )  # fmt: skip
    system = prompts.talk(card, recent=posts, voice=whose.voice)
    return TextRequest("cheap", system, question, before=told, brief=brief)


def _answer(
    app: App, transact: Transact, line_id: str, request: TextRequest, whose: About, heard: Callable[[str], None]
) -> Said:
    come: list[str] = []

    def listen(words: str) -> None:
        come.append(words)
        heard(words)

    card = whose.card
    try:
        reply = budgets.complete(app, transact, request, about=budgets.About("talk", influencer_id=card.id), on_text=listen)
    except Unusable as error:  # paid, and no answer of theirs: a cut one is shown as such
        said = error.reply.text.strip() if isinstance(error, CutOff) else ""
        with transact() as tx:
            _keep(tx, line_id, "cut", said, (), bill_of(error.reply))
        raise
    except BaseException:  # also when the page is left while the answer comes
        with transact() as tx:
            _keep(tx, line_id, "cut", printable("".join(come)), (), LlmCost())
        raise
    answer = reply.text.strip()
    notes = checks.talk_notes(answer, card.persona, card.language)
    with transact() as tx:
        _keep(tx, line_id, "said", answer, notes, bill_of(reply))
        return _said(tx.get_one(TalkLine, line_id, populate_existing=True))


def _keep(tx: Session, line_id: str, state: str, answer: str, notes: Sequence[Note], bill: LlmCost) -> None:
    values: dict[str, Any] = {"state": state, "answer": answer, "notes": [asdict(note) for note in notes]}
    values |= {"model": bill.model, "cost_usd": bill.usd}
    tx.execute(update(TalkLine).where(TalkLine.id == line_id).values(**values))


def _said(row: TalkLine) -> Said:
    return Said(
        row.id, row.question, row.answer, row.state, tuple(Note(**note) for note in row.notes), row.model, row.created_at
    )
