"""Suggests a post for an influencer and a topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import budgets, influencers, writing_styles
from backend.engines.ports.text import Brief, TextRequest
from backend.engines.ports.text_answers import parse_answer
from backend.errors import Invalid
from backend.writing import prompts
from backend.writing.schemas import MAX_TOPIC, Suggestion
from backend.writing.writing_context import default_prompt_form

if TYPE_CHECKING:
    from backend.app import App


def suggest(
    app: App,
    transact: Callable[[], AbstractContextManager[Session]],
    *,
    influencer_id: str,
    topic: str,
    before: Sequence[str] = (),
) -> Suggestion:
    """`transact` opens an editor's transactions; none may be open. `before`: captions shown already, so that this one differs.

    Raises Invalid, NotFound, budgets.OverBudget, and what the text engine raises.
    """
    topic = " ".join(topic.split())
    if not topic:
        raise Invalid("Say in a few words what the post is about.")
    if len(topic) > MAX_TOPIC:
        raise Invalid(f"Say what it is about in at most {MAX_TOPIC} characters.")
    form = default_prompt_form(app)
    with transact() as tx:
        card = influencers.get(tx, influencer_id)
        voice = writing_styles.voice(tx, card.persona.voice_style)
    persona = card.persona
    system, question = prompts.suggestion_prompt(card, topic, before=before[-5:], voice=voice, form=form)
    brief = Brief(
        topic, card.language, name=card.name, tone=persona.tone, topics=persona.topics, variant=len(before), prompts=form
    )
    request = TextRequest("writing", system, question, max_tokens=400, answer=Suggestion, brief=brief)
    purpose = budgets.CallPurpose("suggestion", influencer_id=card.id)
    reply = budgets.complete(app, transact, request, purpose=purpose, retry=True)
    return parse_answer(reply.text, Suggestion)
