"""Asking a model: every call a row, the budget holds, answers of today come from memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from backend import budgets
from backend.app import App
from backend.budgets import CallPurpose, OverBudget
from backend.db.tables import EventRow, LlmCall
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import ReplyLost, TextRequest, UnreadableAnswer
from backend.errors import Cancelled, LeaseLost, Rejected
from backend.writing import Suggestion
from tests.backend.budgets.conftest import Make
from tests.factories.account import Tenant
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context, next_attempt
from tests.support.handlers import Steps
from tests.support.wait import until

ASK = TextRequest("writing", "You are brief.", "What is new in Lisbon?", max_tokens=200)
PURPOSE = CallPurpose("suggestion", influencer_id="inf_1")
Acting = Callable[[App], partial[Any]]


def calls(app: App, acting: Acting) -> list[LlmCall]:
    with acting(app)() as tx:
        return list(tx.scalars(select(LlmCall).order_by(LlmCall.id)))


def test_a_call_is_a_row(make_app: Make, acting: Acting, server: ModelServer, workspace: Tenant) -> None:
    app = make_app()
    reply = budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    (call,) = calls(app, acting)
    assert "Lisbon" in reply.text
    assert (call.state, call.usd, call.model) == ("settled", server.total, reply.model)
    assert 0 < call.usd <= call.estimate_usd
    assert (call.kind, call.influencer_id, call.user_id) == ("suggestion", "inf_1", workspace.editor.id)
    assert call.input_usd is not None
    assert 0 < call.input_usd < call.usd
    assert (call.prompt_tokens, call.completion_tokens) == (reply.prompt_tokens, reply.completion_tokens)


def test_the_same_question_is_not_paid_twice(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    first = budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    second = budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    budgets.complete(app, acting(app), replace(ASK, question="And in Porto?"), purpose=PURPOSE)
    assert second.text == first.text
    assert len(server.asked) == 2
    with acting(app)() as tx:
        costs = budgets.costs(tx, app.settings)
    assert (costs.calls, costs.cached, costs.saved_usd) == (3, 1, first.cost_usd)
    assert costs.hit_rate == pytest.approx(1 / 3)
    assert costs.month.spent_usd == costs.day.spent_usd == server.total


def test_what_one_workspace_asked_another_does_not_know(
    make_app: Make, acting: Acting, server: ModelServer, other_workspace: Tenant
) -> None:
    app = make_app()
    budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    other_transactions = partial(app.db.transaction, other_workspace.caller)
    budgets.complete(app, other_transactions, ASK, purpose=PURPOSE)
    assert len(server.asked) == 2
    assert len(calls(app, acting)) == 1


def test_memory_can_be_turned_off_and_may_be_away(make_app: Make, acting: Acting, server: ModelServer) -> None:
    off, lost = make_app(ENABLE_CACHING=False), make_app()
    lost.cache.connection_pool.connection_kwargs["port"] = 9
    for app in (off, off, lost, lost):
        budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    assert len(server.asked) == 4


def test_nothing_is_asked_beyond_the_limit(make_app: Make, acting: Acting, server: ModelServer, workspace: Tenant) -> None:
    app = make_app(DAILY_OPENROUTER_BUDGET=0.02)
    max_usd = app.engines.text.quote(ASK).most_usd
    with app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=max_usd, monthly_usd=None, settings=app.settings)
    budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    with pytest.raises(OverBudget, match=r"too little left.*today.*Usage & limits"):
        budgets.complete(app, acting(app), replace(ASK, question="more?"), purpose=PURPOSE)
    assert len(server.asked) == 1
    assert budgets.complete(app, acting(app), ASK, purpose=PURPOSE).text  # known already, costs nothing
    with app.db.transaction(workspace.caller) as tx:
        costs = budgets.costs(tx, app.settings)
        alerts = tx.scalars(select(EventRow.data).where(EventRow.kind == "budget.near")).all()
    assert costs.day.limit_usd == pytest.approx(max_usd)
    assert [alert["period"] for alert in alerts] == ["day"]


def test_a_lost_answer_stays_at_its_estimate_until_it_is_known(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    server.faults.times["cut_mid_stream"] = 1
    with pytest.raises(ReplyLost):
        budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("estimated", call.estimate_usd)
    assert call.usd > server.total
    with acting(app)() as tx:
        assert budgets.costs(tx, app.settings).estimated == 1
    assert budgets.reconcile(app, acting(app)) == {"calls_given_up": 0, "calls_corrected": 1}
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("settled", server.total)


def test_a_refusal_costs_nothing(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    server.faults.refuse = [(400, None)]
    with pytest.raises(Rejected):
        budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("refused", 0)


def test_who_stops_an_answer_may_have_paid_it(make_app: Make, acting: Acting, server: ModelServer) -> None:
    def stop() -> None:
        raise Cancelled("enough")

    app = make_app()
    with pytest.raises(Cancelled):
        budgets.complete(app, acting(app), ASK, purpose=PURPOSE, check=stop)
    assert [call.state for call in calls(app, acting)] == ["estimated"]


def test_what_a_stopped_answer_cost_is_asked_afterwards(make_app: Make, acting: Acting, server: ModelServer) -> None:
    def stop(text: str) -> None:
        raise Cancelled("enough")

    app = make_app()
    with pytest.raises(Cancelled):
        budgets.complete(app, acting(app), ASK, purpose=PURPOSE, on_text=stop)
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("estimated", call.estimate_usd)
    until(lambda: server.billed, what="the server's bill")
    assert budgets.reconcile(app, acting(app))["calls_corrected"] == 1
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("settled", server.total)


def test_an_answer_that_does_not_fit_is_not_remembered(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app, shaped = make_app(), replace(ASK, answer=Suggestion)
    server.faults.times["bad_answer"] = 1
    with pytest.raises(UnreadableAnswer, match="not in the form"):
        budgets.complete(app, acting(app), shaped, purpose=PURPOSE)
    second = budgets.complete(app, acting(app), shaped, purpose=PURPOSE)
    third = budgets.complete(app, acting(app), shaped, purpose=PURPOSE)
    assert len(server.asked) == 2
    assert second.text == third.text


def test_a_dead_askers_reservation_is_given_up(make_app: Make, acting: Acting) -> None:
    app = make_app()
    budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    with acting(app)() as tx:
        tx.execute(text("UPDATE llm_calls SET state = 'reserved', usd = estimate_usd, generation_id = ''"))
    assert budgets.reconcile(app, acting(app))["calls_given_up"] == 0
    with acting(app)() as tx:
        assert budgets.costs(tx, app.settings).month.open_usd > 0
        tx.execute(text("UPDATE llm_calls SET created_at = created_at - interval '1 hour'"))
    assert budgets.reconcile(app, acting(app))["calls_given_up"] == 1
    (call,) = calls(app, acting)
    assert (call.state, call.usd) == ("estimated", call.estimate_usd)


def test_an_attempt_that_has_ended_asks_nothing(make_app: Make, server: ModelServer, workspace: Tenant) -> None:
    app = make_app()
    job = make_context(app, workspace, "test-instant", Steps(n=0))
    caller, purpose = (
        SystemCaller(job.tenant_id, job.user_id),
        CallPurpose("test", job_id=job.job_id, attempt_id=job.attempt_id),
    )
    assert budgets.complete(app, caller, ASK, purpose=purpose).text
    next_attempt(job)
    with pytest.raises(LeaseLost, match="another one goes on"):
        budgets.complete(app, caller, replace(ASK, question="And now?"), purpose=purpose)
    assert len(server.asked) == 1
    with app.db.transaction(caller) as tx:
        assert budgets.costs(tx, app.settings).calls == 1


def test_postgres_may_go_away_between_calls(make_app: Make, server: ModelServer, workspace: Tenant) -> None:
    """The connection that an earlier call left is dead: said again on a new one, nothing is reserved or settled twice."""
    app = make_app()
    caller = SystemCaller(workspace.id, workspace.user_id)
    budgets.complete(app, caller, ASK, purpose=PURPOSE)
    with psycopg.connect(app.settings.postgres.url.get_secret_value().replace("+psycopg", "")) as connection:
        others = "datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        terminated = connection.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
        ).fetchall()
        assert all(row == (True,) for row in terminated)
        assert terminated
    budgets.complete(app, caller, replace(ASK, question="And in Porto?"), purpose=PURPOSE)
    with app.db.transaction(caller) as tx:
        rows = tx.execute(select(LlmCall.state, LlmCall.usd)).all()
    assert [row.state for row in rows] == ["settled", "settled"]
    assert sum(row.usd for row in rows) == server.total


def test_costs_by_day_influencer_kind_and_model(make_app: Make, acting: Acting, server: ModelServer) -> None:
    app = make_app()
    budgets.complete(app, acting(app), ASK, purpose=PURPOSE)
    budgets.complete(app, acting(app), replace(ASK, use="planning"), purpose=CallPurpose("plan"))
    with acting(app)() as tx:
        costs = budgets.costs(tx, app.settings)
    assert [line.name for line in costs.by_influencer] == ["", "inf_1"]
    assert {line.name: line.calls for line in costs.by_kind} == {"plan": 1, "suggestion": 1}
    assert {line.name for line in costs.by_model} == {"openai/gpt-4-turbo", "anthropic/claude-3-5-sonnet"}
    (day,) = costs.by_day
    assert (day.calls, day.usd, len(day.name)) == (2, server.total, 10)
    for lines in (costs.by_day, costs.by_influencer, costs.by_kind, costs.by_model):
        assert sum((line.usd for line in lines), Decimal(0)) == server.total


def test_the_offline_writer_costs_nothing(app: App, acting: Acting) -> None:
    from backend.engines.ports.text import Brief

    request = replace(ASK, answer=Suggestion, brief=Brief("yoga", "en"))
    assert "yoga" in budgets.complete(app, acting(app), request, purpose=PURPOSE).text
    assert calls(app, acting) == []
