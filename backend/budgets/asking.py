"""The one way to ask a language model: from memory if it was asked today, else reserved, asked, settled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from backend.budgets import cache, ledger
from backend.budgets.schemas import About
from backend.engines.text.answers import parse
from backend.engines.text.port import Quote, Reply, ReplyLost, TextEngine, TextRequest, Words
from backend.errors import EngineError, Rejected
from backend.kit.db import Trusted

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)
Transact = Callable[[], AbstractContextManager[Session]]
Asker = Trusted | Transact
"""A job's own workspace: to reserve is also to ask whether its attempt (`About.attempt_id`) still owns the job. Or what opens
transactions of a person, who may have been signed out."""


def ask(
    app: App,
    asker: Asker,
    request: TextRequest,
    *,
    about: About,
    check: Callable[[], None] = lambda: None,
    heard: Callable[[str], None] = lambda words: None,
) -> Reply:
    """The whole answer. No transaction may be open meanwhile.

    `heard` gets the words as they come. `check` is called while they do: what it raises stops the answer. Raises OverBudget
    and LeaseLost before anything is asked, ReplyLost, RateLimited, EngineUnavailable, Rejected, Unsupported.
    """
    engine = app.engines.text
    quote = engine.quote(request)
    if not engine.paid:
        return _whole(engine, request, quote, check, heard, [])
    mine = asker if isinstance(asker, Trusted) else _admitted(asker)
    key = cache.key_of(mine.tenant_id, quote.models, request) if app.settings.enable_caching else ""
    if key and (known := cache.find(app.cache, key)):
        with app.db.transaction(mine) as tx:
            ledger.remember(tx, model=known.model, saved_usd=known.cost_usd, about=about)
        heard(known.text)
        return known
    reserved = ledger.reserve(app.db, mine, most_usd=quote.most_usd, about=about, settings=app.settings)
    if reserved.near:
        with app.db.transaction(mine) as tx:
            ledger.alert(tx, reserved)
    reply = _paid(app, mine, reserved.call_id, partial(_whole, engine, request, quote, check, heard))
    if key and _readable(reply, request):
        cache.keep(app.cache, key, reply)
    return reply


def _admitted(transact: Transact) -> Trusted:
    with transact() as tx:
        return Trusted(tx.info["tenant_id"], tx.info["user_id"] or "")


def _readable(reply: Reply, request: TextRequest) -> bool:
    """Whoever tries again after an answer that did not fit wants another one."""
    try:
        return request.answer is None or bool(parse(reply.text, request.answer))
    except Rejected:
        return False


def _paid(app: App, mine: Trusted, call_id: str, answer: Callable[[list[str]], Reply]) -> Reply:
    """Settles whatever comes: the asker may have been signed out, or its attempt ended, since it asked."""
    named: list[str] = []
    try:
        reply = answer(named)
    except ReplyLost as lost:
        ledger.end(app.db, mine, call_id, ledger.lose(lost.generation_id))
        raise
    except EngineError:
        ledger.end(app.db, mine, call_id, ledger.release())
        raise
    except BaseException:
        ledger.end(app.db, mine, call_id, ledger.lose(named[0] if named else ""))
        raise
    ledger.end(app.db, mine, call_id, ledger.settle(reply))
    return reply


def _whole(
    engine: TextEngine,
    request: TextRequest,
    quote: Quote,
    check: Callable[[], None],
    heard: Callable[[str], None],
    named: list[str],
) -> Reply:
    """`named` gets the id of the answer as soon as the server has said it."""
    answer = engine.run(request, quote)
    try:
        while True:
            said = next(answer)
            if isinstance(said, Words):
                if said.generation_id and not named:
                    named.append(said.generation_id)
                heard(said.text)
            check()
    except StopIteration as end:
        reply: Reply = end.value
        return reply
    finally:
        answer.close()


def tidy(app: App, transact: Transact) -> dict[str, int]:
    """Part of upkeep: reservations of the dead stay at their estimate; lost answers are asked after."""
    with transact() as tx:
        mine = Trusted(tx.info["tenant_id"], tx.info["user_id"] or "")
        dead, doubtful = ledger.settle_dead(tx), ledger.doubtful(tx)
    corrected = 0
    try:
        for call_id, generation_id in doubtful:
            if (usd := app.engines.text.cost_of(generation_id)) is not None:
                ledger.end(app.db, mine, call_id, ledger.correct(usd))
                corrected += 1
    except EngineError as error:
        log.warning("lost answers stay estimates", error=error.message)
    return {"calls_given_up": dead, "calls_corrected": corrected}
