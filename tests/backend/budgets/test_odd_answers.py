"""billed <= ledger <= limit, whatever legal answers a model server gives: it keeps a bill of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import budgets
from backend.app import App
from backend.budgets import CallPurpose, OverBudget
from backend.db.tables import LlmCall
from backend.engines.ports.text import AnswerCutOff, ModelRefused, ReplyLost, TextRequest, UnusableAnswer
from backend.errors import EngineError
from backend.jobs.rules import outcome_of_error
from backend.writing import Suggestion
from tests.backend.budgets.conftest import Make
from tests.factories.account import Tenant
from tests.servers.openrouter import ModelServer
from tests.servers.openrouter.odd import GOOD, MODES

ASK = TextRequest("writing", "You are brief.", "What is new in Lisbon?", max_tokens=200)
SHAPED = replace(ASK, answer=Suggestion)
PURPOSE = CallPurpose("suggestion")
Acting = Callable[[App], partial[Any]]


def spent_usd(app: App, acting: Acting) -> Decimal:
    with acting(app)() as tx:
        return Decimal(tx.scalar(select(func.coalesce(func.sum(LlmCall.usd), 0))))


def unidentified_usd(app: App, acting: Acting) -> Decimal:
    """Estimates that nobody can be asked about."""
    with acting(app)() as tx:
        unknown = LlmCall.state == "estimated", LlmCall.generation_id == ""
        return Decimal(tx.scalar(select(func.coalesce(func.sum(LlmCall.usd), 0)).where(*unknown)))


def test_each_odd_answer_is_booked_at_what_it_cost_or_more(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app(ENABLE_CACHING=False, DAILY_OPENROUTER_BUDGET=0)
    usable_replies: dict[str, int] = {}
    for name in MODES:
        for request in (ASK, SHAPED):
            before, billed = spent_usd(app, acting), server.total
            server.faults.odd = [name]
            try:
                reply = budgets.complete(app, acting(app), request, purpose=PURPOSE)
                usable_replies[name] = usable_replies.get(name, 0) + bool(reply.text.strip())
            except EngineError:
                assert name not in usable_replies or name.startswith("tool_call"), (
                    "a tool is called only where JSON was asked for"
                )
            assert not server.faults.odd
            assert spent_usd(app, acting) - before >= server.total - billed, name
    assert set(usable_replies) == {*GOOD, "err200_free", "error_before_anything"}
    budgets.reconcile(app, acting(app))
    assert spent_usd(app, acting) - unidentified_usd(app, acting) <= server.total <= spent_usd(app, acting)
    with acting(app)() as tx:
        states = {row[0]: row[1] for row in tx.execute(select(LlmCall.state, func.count()).group_by(LlmCall.state))}
    assert states["estimated"] == 2, "an HTML page names no answer: both of them stay at the most they can have cost"
    assert "reserved" not in states


@pytest.mark.parametrize("seed", [1, 2])
def test_the_limit_holds_against_odd_answers_side_by_side(
    make_app: Make, acting: Acting, server: ModelServer, workspace: Tenant, seed: int
) -> None:
    app = make_app(ENABLE_CACHING=False)
    limit = app.engines.text.quote(SHAPED).most_usd * 6
    with app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=limit, monthly_usd=None, settings=app.settings)
    server.faults.odd = random.Random(seed).choices(list(MODES), k=400)

    def ask(n: int) -> type[BaseException] | None:
        try:
            budgets.complete(app, acting(app), replace(SHAPED, question=f"Tram {n}?"), purpose=PURPOSE, retry=True)
        except EngineError as error:
            return type(error)
        except OverBudget:
            return OverBudget
        return None

    with ThreadPoolExecutor(6) as pool:
        errors = list(pool.map(ask, range(60)))
    assert {None, OverBudget, ReplyLost} <= set(errors)
    assert server.total <= spent_usd(app, acting) <= limit
    budgets.reconcile(app, acting(app))
    assert spent_usd(app, acting) - unidentified_usd(app, acting) <= server.total <= spent_usd(app, acting) <= limit


def test_what_cannot_be_used_is_asked_once_more_with_more_room(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    server.faults.odd = ["length", "crlf"]
    reply = budgets.complete(app, acting(app), SHAPED, purpose=PURPOSE, retry=True)
    assert [body["max_tokens"] for body in server.asked] == [200, 400]
    assert reply.paid_usd == server.total
    assert reply.generation_ids == tuple(server.billed)
    server.faults.odd = ["length", "length"]
    with pytest.raises(AnswerCutOff, match="was cut off") as cut:
        budgets.complete(app, acting(app), replace(SHAPED, question="Another?"), purpose=PURPOSE, retry=True)
    assert len(server.asked) == 4
    assert cut.value.reply.paid_usd + reply.paid_usd == server.total


def test_a_setting_bounds_the_tokens_and_an_answer_it_cuts_is_not_paid_twice(
    make_app: Make, acting: Acting, server: ModelServer
) -> None:
    app = make_app(**{f"MAX_TOKENS_{SHAPED.use.upper()}": 300})
    server.faults.odd = ["length", "length"]
    with pytest.raises(AnswerCutOff, match="was cut off"):
        budgets.complete(app, acting(app), SHAPED, purpose=PURPOSE, retry=True)
    assert [body["max_tokens"] for body in server.asked] == [200, 300]
    bounded = make_app(**{f"MAX_TOKENS_{SHAPED.use.upper()}": 150})
    assert bounded.engines.text.quote(SHAPED).most_usd < app.engines.text.quote(SHAPED).most_usd
    server.faults.odd = ["length"]
    with pytest.raises(AnswerCutOff, match=f"MAX_TOKENS_{SHAPED.use.upper()} gives it no more room"):
        budgets.complete(bounded, acting(bounded), replace(SHAPED, question="Another?"), purpose=PURPOSE, retry=True)
    assert [body["max_tokens"] for body in server.asked] == [200, 300, 150]


def test_a_job_does_not_ask_again_for_an_answer_that_was_lost() -> None:
    outcome = outcome_of_error(ReplyLost("lost"), retries=0, max_retries=3, delays=[1.0], submitted=False)
    assert (outcome.outcome, outcome.state, outcome.dead_letter) == ("failed", "failed", False)


def test_a_refusal_is_paid_once_and_said(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    for name in ("refusal", "says_no", "content_filter", "refusal_streamed"):
        before = len(server.asked)
        server.faults.odd = [name]
        with pytest.raises(ModelRefused, match=r"^The model refused: .*Rephrase it"):
            budgets.complete(app, acting(app), replace(SHAPED, question=name), purpose=PURPOSE, retry=True)
        assert len(server.asked) == before + 1
    assert spent_usd(app, acting) == server.total


def test_a_second_try_that_fails_unpaid_tells_of_the_first(make_app: Make, acting: Acting, server: ModelServer) -> None:
    """A job would begin with the first question again, and pay it again."""
    app = make_app()

    def refuse(*_: object) -> None:
        server.faults.refuse = [(503, None)] * 5

    server.faults.odd = ["empty"]
    with pytest.raises(UnusableAnswer) as raised:
        budgets.complete(app, acting(app), SHAPED, purpose=PURPOSE, retry=True, on_text=refuse, check=refuse)
    assert not raised.value.retryable
    assert raised.value.reply.paid_usd == server.total == spent_usd(app, acting)
