"""The verbs of the Write page that ask a model: texts, one part anew, an idea written out; and what that may cost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import budgets
from backend.engines.text.answer_checks import second_try
from backend.engines.text.port import Reply, TextRequest
from backend.errors import Invalid
from backend.writing import service
from backend.writing.composition import (
    EARLIER,
    Composed,
    compose,
    longest_ideas_repair,
    longest_repair,
    regenerate_part,
    request_ideas,
    request_texts,
)
from backend.writing.queries import get
from backend.writing.schemas import MAX_VARIANTS, DraftCard, IdeasOrder, Part, WriteOrder
from backend.writing.writing_context import LATELY, about, prompt_form

if TYPE_CHECKING:
    from backend.bootstrap import App

Transact = Callable[[], AbstractContextManager[Session]]
A_WEEK = 7
"""Days of a plan that are asked for at once."""
_LONGEST_EARLIER = ("x" * EARLIER,) * (2 * A_WEEK)


def write(app: App, transact: Transact, *, order: WriteOrder, n: int = 1) -> list[DraftCard]:
    """`n` variants, kept as drafts before they are shown. `transact` opens an editor's transactions; none may be open.

    Raises Invalid, NotFound, budgets.OverBudget, and what the text engine raises.
    """
    if not 1 <= n <= MAX_VARIANTS:
        raise Invalid(f"Ask for 1 to {MAX_VARIANTS} variants at once.")
    form = prompt_form(app)
    with transact() as tx:
        whose = about(tx, order.influencer_id, form)
    made, bill = compose(_asker(app, transact, "caption", order.influencer_id), whose, order, n=n)
    with transact() as tx:
        return service.keep(tx, order, made, bill)


def rewrite(app: App, transact: Transact, *, draft_id: str, part: Part) -> DraftCard:
    """One part anew, the others kept; what stood there can be taken back. Raises as `write`, Conflict."""
    form = prompt_form(app)
    with transact() as tx:
        card = get(tx, draft_id)
        whose = about(tx, card.influencer_id, form)
    ask = _asker(app, transact, "caption", card.influencer_id)
    made, bill = regenerate_part(ask, whose, card.order(), card.parts, part)
    with transact() as tx:
        return service.rewritten(tx, draft_id, made, bill, version=card.version, only=part)


def write_out(app: App, transact: Transact, *, draft_id: str) -> DraftCard:
    """An idea becomes a whole text; its hook and its picture stay. Raises as `rewrite`."""
    form = prompt_form(app)
    with transact() as tx:
        card = get(tx, draft_id)
        whose = about(tx, card.influencer_id, form)
    order = card.order()
    said = f"{order.topic}. It begins: {card.parts.hook}" if app.engines.text.paid and card.parts.hook else order.topic
    wish = order.model_copy(update={"topic": said})
    made, bill = compose(_asker(app, transact, "caption", card.influencer_id), whose, wish)
    own = {name: value for name in ("hook", "picture") if (value := getattr(card.parts, name))}
    whole = Composed(made[0].parts.model_copy(update=own), made[0].notes)
    with transact() as tx:
        return service.rewritten(tx, draft_id, whole, bill, version=card.version)


def estimate(app: App, transact: Transact, *, order: WriteOrder, n: int = 1) -> Decimal | None:
    """The most that `n` texts can cost, USD, second tries and a repair included; None: nothing is paid.

    It holds for the influencer as they are now, whatever is written meanwhile. Raises NotFound, the engine's errors.
    """
    if not app.engines.text.paid:
        return None
    form = prompt_form(app)
    with transact() as tx:
        whose = replace(about(tx, order.influencer_id, form), recent=_LONGEST_EARLIER[:LATELY])
    return _most(app, request_texts(whose, order, n)) + _most(app, longest_repair(whose, order, n))


def estimate_ideas(app: App, transact: Transact, *, order: IdeasOrder) -> Decimal | None:
    """The same of a plan of days; ideas that break a rule are asked for once more."""
    if not app.engines.text.paid:
        return None
    form = prompt_form(app)
    with transact() as tx:
        whose = about(tx, order.influencer_id, form)
    parts = [(first, min(A_WEEK, order.days - first + 1)) for first in range(1, order.days + 1, A_WEEK)]
    most = Decimal(0)
    for first, n in parts:
        asked = request_ideas(whose, order, first, n, _LONGEST_EARLIER[: 2 * A_WEEK])
        most += _most(app, asked) + _most(app, longest_ideas_repair(asked, first, n))
    return most


def _most(app: App, request: TextRequest) -> Decimal:
    """Of one question: it is asked for a second time when its answer cannot be used."""
    engine = app.engines.text
    return engine.quote(request).most_usd + engine.quote(second_try(request)).most_usd


def _asker(app: App, transact: Transact, kind: str, influencer_id: str) -> Callable[[str, TextRequest], Reply]:
    asking = partial(budgets.complete, app, transact, about=budgets.About(kind, influencer_id=influencer_id), retry=True)
    return lambda name, request: asking(request)
