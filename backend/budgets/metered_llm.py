"""The only way to call a language model: answered from the cache if the same was asked today, else reserved, called,
settled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from backend.budgets import cache, ledger
from backend.budgets.schemas import CallPurpose
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import (
    AnswerCutOff,
    ModelRefused,
    Quote,
    Reply,
    ReplyLost,
    TextChunk,
    TextEngine,
    TextRequest,
    UnusableAnswer,
)
from backend.engines.ports.text_answers import check_answer, retry_request
from backend.errors import EngineError, EngineUnavailable, RateLimited, Rejected, Unsupported
from backend.language import tr_lazy

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
Transact = Callable[[], AbstractContextManager[Session]]
LlmCaller = SystemCaller | Transact
"""A job's workspace (reserving then also checks that the attempt `About.attempt_id` still owns the job), or a function that
opens transactions of a person, who may have been signed out meanwhile."""


def complete(
    app: App,
    caller: LlmCaller,
    request: TextRequest,
    *,
    purpose: CallPurpose,
    check: Callable[[], None] = lambda: None,
    on_text: Callable[[str], None] = lambda text: None,
    retry: bool = False,
    allow_truncated: bool = False,
) -> Reply:
    """Calls the text engine and returns a reply that can be used. No transaction may be open meanwhile.

    `on_text` is called with each piece of text as it comes. `check` is called as often; an error it raises stops the reply.
    `retry`: a reply that is cut off, empty or not in the requested form is asked for once more (`second_try`).
    `allow_truncated`: the reply may end in the middle of a sentence.

    Raises OverBudget and LeaseLost before anything is asked; ReplyLost, RateLimited, EngineUnavailable, Rejected, Unsupported;
    and UnusableAnswer, with what was paid.
    """
    complete_once = partial(
        _complete_once, app, caller, purpose=purpose, check=check, on_text=on_text, allow_truncated=allow_truncated
    )
    reply, problem = complete_once(request)
    if problem is None:
        return reply
    if not retry or isinstance(problem, ModelRefused):
        raise problem
    if isinstance(problem, AnswerCutOff) and not _has_more_room(app, request):
        message = tr_lazy(
            "The model's answer was cut off: MAX_TOKENS_{use} gives it no more room. Ask for less at once.",
            use=request.use.upper(),
        )
        raise AnswerCutOff(message, reply) from problem
    try:
        second, second_problem = complete_once(retry_request(request))
    except (EngineUnavailable, RateLimited, Rejected, Unsupported) as error:
        # Raised as the first problem: a retryable error would let the job begin anew and pay the first reply again.
        raise problem from error
    both = replace(second, earlier=(reply,))
    if second_problem is not None:
        second_problem.reply = both
        raise second_problem
    return both


def _has_more_room(app: App, request: TextRequest) -> bool:
    """Whether a second try may have more tokens than the first."""
    most = app.settings.text.max_tokens
    return most(request.use, retry_request(request).max_tokens) > most(request.use, request.max_tokens)


def _complete_once(
    app: App,
    caller: LlmCaller,
    request: TextRequest,
    *,
    purpose: CallPurpose,
    check: Callable[[], None],
    on_text: Callable[[str], None],
    allow_truncated: bool,
) -> tuple[Reply, UnusableAnswer | None]:
    """The reply, and why it cannot be used (None: it can)."""
    engine = app.engines.text
    quote = engine.quote(request)
    if not engine.paid:
        return _read_answer(engine, request, quote, check, on_text, []), None
    workspace = caller if isinstance(caller, SystemCaller) else _resolve_caller(caller)
    key = cache.key_of(workspace.tenant_id, quote.models, request) if app.settings.text.caching else ""
    if key and (cached := cache.find(app.cache, key)):
        with app.db.transaction(workspace) as tx:
            ledger.record_cached(tx, model=cached.model, saved_usd=cached.cost_usd, purpose=purpose)
        on_text(cached.text)
        return cached, None
    reservation = ledger.reserve(app.db, workspace, most_usd=quote.most_usd, purpose=purpose, settings=app.settings)
    if reservation.near:
        with app.db.transaction(workspace) as tx:
            ledger.alert(tx, reservation)
    reply = _run_paid(app, workspace, reservation.call_id, partial(_read_answer, engine, request, quote, check, on_text))
    problem = check_answer(reply, request, may_be_cut=allow_truncated)
    if key and problem is None and reply.ending == "whole":  # a bad answer is not cached: the next try should get another one
        cache.store(app.cache, key, reply)
    return reply, problem


def _resolve_caller(transact: Transact) -> SystemCaller:
    with transact() as tx:
        return SystemCaller(tx.info["tenant_id"], tx.info["user_id"] or "")


def _run_paid(app: App, workspace: SystemCaller, call_id: str, answer: Callable[[list[str]], Reply]) -> Reply:
    """Runs `answer` and writes the call's end whatever happens, also when the caller was signed out or its attempt ended
    since."""
    generation_ids: list[str] = []
    try:
        reply = answer(generation_ids)
    except ReplyLost as lost:
        ledger.end(app.db, workspace, call_id, ledger.mark_unsettled(lost.generation_id, lost.cost_usd))
        raise
    except EngineError:
        ledger.end(app.db, workspace, call_id, ledger.release())
        raise
    except BaseException:
        ledger.end(app.db, workspace, call_id, ledger.mark_unsettled(generation_ids[0] if generation_ids else ""))
        raise
    ledger.end(app.db, workspace, call_id, ledger.settle(reply))
    return reply


def _read_answer(
    engine: TextEngine,
    request: TextRequest,
    quote: Quote,
    check: Callable[[], None],
    on_text: Callable[[str], None],
    generation_ids: list[str],
) -> Reply:
    """Reads the reply to its end. Appends its id to `generation_ids` as soon as the server names it."""
    answer = engine.run(request, quote)
    try:
        while True:
            event = next(answer)
            if isinstance(event, TextChunk):
                if event.generation_id and not generation_ids:
                    generation_ids.append(event.generation_id)
                if event.text:
                    on_text(event.text)
            check()
    except StopIteration as end:
        reply: Reply = end.value
        return reply
    finally:
        answer.close()


def reconcile(app: App, transact: Transact) -> dict[str, int]:
    """Part of maintenance: reservations of dead callers become estimates, and the server is asked what lost replies cost."""
    with transact() as tx:
        workspace = SystemCaller(tx.info["tenant_id"], tx.info["user_id"] or "")
        expired, unsettled = ledger.expire_dead(tx), ledger.unsettled(tx)
    corrected = 0
    try:
        for call_id, generation_id in unsettled:
            if (usd := app.engines.text.cost_of(generation_id)) is not None:
                ledger.end(app.db, workspace, call_id, ledger.correct(usd))
                corrected += 1
    except EngineError as error:
        log.warning("lost replies stay estimates", error=error.message)
    return {"calls_given_up": expired, "calls_corrected": corrected}
