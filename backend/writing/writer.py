"""What pages ask a model: texts, one part again, an idea written out, a post for a topic; and what that may cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import budgets, influencers, writing_styles
from backend.engines.ports.text import Brief, Reply, TextRequest
from backend.engines.ports.text_answers import parse_answer, retry_request
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.writing import prompts, service
from backend.writing.composition import (
    EARLIER_TEXT_BYTES,
    CheckedText,
    build_ideas_request,
    build_longest_ideas_repair_request,
    build_longest_repair_request,
    build_texts_request,
    compose_texts,
    regenerate_part,
)
from backend.writing.queries import batch, get
from backend.writing.schemas import MAX_TOPIC, MAX_VARIANTS, DraftCard, IdeasOrder, Part, Suggestion, WriteOrder
from backend.writing.writing_context import MAX_RECENT, default_prompt_form, load_context

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]
IDEAS_PER_CALL = 7
"""Days of a plan that one call asks ideas for."""
_LONGEST_EARLIER_TEXTS = ("x" * EARLIER_TEXT_BYTES,) * (2 * IDEAS_PER_CALL)


def write_texts(app: App, transact: Transact, *, order: WriteOrder, n: int = 1, batch_id: str = "") -> list[DraftCard]:
    """Writes `n` variants and saves them as drafts. `transact` opens an editor's transactions; none may be open.

    `batch_id`: of who may ask twice for the same; texts of this order that it has already are returned, and nothing is asked.
    Raises Invalid, NotFound, budgets.OverBudget, and what the text engine raises.
    """
    if not 1 <= n <= MAX_VARIANTS:
        raise Invalid(tr_lazy("Ask for 1 to {max_variants} variants at once.", max_variants=MAX_VARIANTS))
    form = default_prompt_form(app)
    with transact() as tx:
        cards = batch(tx, batch_id) if batch_id else []
        if cards and cards[0].order() == order:
            return cards
        context = load_context(tx, order.influencer_id, form)
    texts, cost = compose_texts(_make_asker(app, transact, "caption", order.influencer_id), context, order, n=n)
    with transact() as tx:
        return service.save_texts(tx, order, texts, cost, batch_id="" if cards else batch_id)


def rewrite_part(app: App, transact: Transact, *, draft_id: str, part: Part) -> DraftCard:
    """Writes one part again and keeps the others; it can be undone (`undo_edit`). Raises as `write_texts`, Conflict."""
    form = default_prompt_form(app)
    with transact() as tx:
        card = get(tx, draft_id)
        context = load_context(tx, card.influencer_id, form)
    ask = _make_asker(app, transact, "caption", card.influencer_id)
    text, cost = regenerate_part(ask, context, card.order(), card.parts, part)
    with transact() as tx:
        return service.save_rewrite(tx, draft_id, text, cost, version=card.version, only=part)


def write_idea(app: App, transact: Transact, *, draft_id: str) -> DraftCard:
    """Writes an idea out into a whole text; its hook and its picture stay. Raises as `rewrite_part`."""
    form = default_prompt_form(app)
    with transact() as tx:
        card = get(tx, draft_id)
        context = load_context(tx, card.influencer_id, form)
    order = card.order()
    topic = f"{order.topic}. It begins: {card.parts.hook}" if app.engines.text.paid and card.parts.hook else order.topic
    expanded_order = order.model_copy(update={"topic": topic})
    texts, cost = compose_texts(_make_asker(app, transact, "caption", card.influencer_id), context, expanded_order)
    kept_parts = {name: value for name in ("hook", "picture") if (value := getattr(card.parts, name))}
    text = CheckedText(texts[0].parts.model_copy(update=kept_parts), texts[0].notes)
    with transact() as tx:
        return service.save_rewrite(tx, draft_id, text, cost, version=card.version)


def estimate_texts(app: App, transact: Transact, *, order: WriteOrder, n: int = 1) -> Decimal | None:
    """The most that `n` texts can cost, USD, second tries and a repair included; None: nothing is paid.

    Recent captions count with their longest, so the estimate holds whatever is written meanwhile. Raises NotFound, the engine's
    errors.
    """
    if not app.engines.text.paid:
        return None
    form = default_prompt_form(app)
    with transact() as tx:
        context = replace(load_context(tx, order.influencer_id, form), recent=_LONGEST_EARLIER_TEXTS[:MAX_RECENT])
    return _max_cost(app, build_texts_request(context, order, n)) + _max_cost(
        app, build_longest_repair_request(context, order, n)
    )


def estimate_ideas(app: App, transact: Transact, *, order: IdeasOrder) -> Decimal | None:
    """The most that ideas for the days of a plan can cost, USD, repairs included; None: nothing is paid."""
    if not app.engines.text.paid:
        return None
    form = default_prompt_form(app)
    with transact() as tx:
        context = load_context(tx, order.influencer_id, form)
    chunks = [(first, min(IDEAS_PER_CALL, order.days - first + 1)) for first in range(1, order.days + 1, IDEAS_PER_CALL)]
    max_usd = Decimal(0)
    for first, n in chunks:
        request = build_ideas_request(context, order, first, n, _LONGEST_EARLIER_TEXTS[: 2 * IDEAS_PER_CALL])
        max_usd += _max_cost(app, request) + _max_cost(app, build_longest_ideas_repair_request(request, first, n))
    return max_usd


def _max_cost(app: App, request: TextRequest) -> Decimal:
    """The most one question can cost, USD: it is asked a second time when its answer cannot be used."""
    engine = app.engines.text
    return engine.quote(request).most_usd + engine.quote(retry_request(request)).most_usd


def _make_asker(app: App, transact: Transact, kind: str, influencer_id: str) -> Callable[[str, TextRequest], Reply]:
    complete = partial(
        budgets.complete, app, transact, purpose=budgets.CallPurpose(kind, influencer_id=influencer_id), retry=True
    )
    return lambda name, request: complete(request)


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
        raise Invalid(tr_lazy("Write in a few words what the post is about."))
    if len(topic) > MAX_TOPIC:
        raise Invalid(tr_lazy("Write what it is about in at most {max_topic} characters.", max_topic=MAX_TOPIC))
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
