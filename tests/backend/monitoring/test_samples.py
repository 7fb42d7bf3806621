"""Samples of the installation: each ended job is counted once, and nothing that belongs to somebody is in them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from backend import jobs, monitoring
from backend.app import App
from backend.db.tables import Budget, LlmCall
from backend.db.transactions import Anonymous, SystemCaller
from backend.jobs import AttemptRef, finish_attempt
from backend.jobs.rules import completed
from backend.kit import clock, metrics
from backend.kit.ids import new_id
from backend.monitoring import MinuteSample
from tests.factories.account import Tenant
from tests.factories.posts import make_planner
from tests.support.context import make_context
from tests.support.handlers import Steps


def next_minute(app: App) -> MinuteSample:
    """The sample of the minute after the last one: those there are become a minute older."""
    with app.db.transaction(Anonymous()) as tx:
        tx.execute(text("UPDATE installation_samples SET minute = minute - interval '1 minute'"))
    assert monitoring.take(app)
    with app.db.transaction(Anonymous()) as tx:
        sample = monitoring.latest(tx)
    assert sample is not None
    return sample


def order(app: App, tenant: Tenant, key: str) -> str:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        return jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="Secret title", request_key=key).id


def complete(app: App, tenant: Tenant) -> None:
    context = make_context(app, tenant, "test-steps", Steps())
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        two_seconds_ago = text("UPDATE jobs SET started_at = clock_timestamp() - interval '2 seconds' WHERE id = :id")
        tx.execute(two_seconds_ago, {"id": context.job_id})
        finish_attempt(tx, AttemptRef(context.job_id, context.attempt_id, None, None), completed(None))


def test_jobs_are_counted_once_over_all_workspaces(worker_app: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    complete(worker_app, workspace)
    first = next_minute(worker_app)
    assert first.figures.ended == (), "what ended before the first sample is nobody's"
    complete(worker_app, workspace)
    complete(worker_app, other_workspace)
    cancelled, _ = order(worker_app, workspace, "a"), order(worker_app, other_workspace, "b")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        jobs.cancel(tx, cancelled)
    figures = next_minute(worker_app).figures
    assert [(ended.type, ended.outcome, ended.n) for ended in figures.ended] == [
        ("test-steps", "cancelled", 1),
        ("test-steps", "completed", 2),
    ]
    assert 4.0 <= figures.ended[1].seconds < 60.0
    assert figures.waiting == {"cpu": 1}
    assert figures.oldest_wait_s["cpu"] >= 0.0
    third = next_minute(worker_app).figures
    assert third.ended == ()
    assert third.ended_total == {"test-steps cancelled": 1, "test-steps completed": 2}
    assert "Secret" not in json.dumps(third.model_dump(mode="json"))
    assert workspace.id not in json.dumps(third.model_dump(mode="json"))


def test_a_minute_has_one_sample_and_a_clock_that_was_set_back_stops_none(worker_app: Any, workspace: Tenant) -> None:
    assert [monitoring.take(worker_app), monitoring.take(worker_app)] == [True, False]
    complete(worker_app, workspace)
    with worker_app.db.transaction(Anonymous()) as tx:
        tx.execute(text("UPDATE installation_samples SET minute = minute + interval '1 hour'"))
    assert monitoring.take(worker_app)
    with worker_app.db.transaction(Anonymous()) as tx:
        (sample,) = monitoring.last_hours(tx)
        tx.execute(text("UPDATE installation_samples SET minute = minute - interval '9 days'"))
        monitoring.purge_old(tx)
        assert monitoring.latest(tx) is None
    assert sample.figures.ended_total == {"test-steps completed": 1}
    assert sample.figures.database_bytes > 0
    assert sample.figures.disk_total_bytes > sample.figures.disk_free_bytes > 0


def test_prometheus_reads_the_newest_sample(worker_app: Any, workspace: Tenant) -> None:
    order(worker_app, workspace, "a")
    next_minute(worker_app)
    complete(worker_app, workspace)
    lines = metrics.exposition({}, monitoring.SampleCollector(next_minute(worker_app))).decode().splitlines()
    assert 'studio_queue_waiting_jobs{queue="cpu"} 1.0' in lines
    assert 'studio_queue_waiting_jobs{queue="gpu"} 0.0' in lines
    assert 'studio_jobs_ended_total{outcome="completed",type="test-steps"} 1.0' in lines
    (size,) = [line for line in lines if line.startswith("studio_database_bytes ")]
    assert float(size.split()[1]) > 1e6


def test_budgets_and_permissions_that_run_out_are_seen(
    worker_app: Any, workspace: Tenant, other_workspace: Tenant, today: int
) -> None:
    def spend(tenant: Tenant, day: int, usd: str) -> None:
        row = LlmCall(id=new_id("llm"), day=day, kind="caption", state="settled", usd=Decimal(usd), estimate_usd=Decimal(usd))
        with worker_app.db.transaction(SystemCaller(tenant.id)) as tx:
            tx.add(row)

    assert next_minute(worker_app).figures.budget_used_ratio == 0
    spend(workspace, today, "2.5")
    spend(other_workspace, today, "1")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        planner = make_planner(tx)
        values = {"state": "connected", "id": planner.channel.id}
        statement = "UPDATE channels SET expires_at = clock_timestamp() + interval '6 days', state = :state WHERE id = :id"
        tx.execute(text(statement), values)
    with worker_app.db.transaction(Anonymous()) as tx:
        tx.execute(text("DELETE FROM installation_samples"))  # sizes are counted again
    figures = next_minute(worker_app).figures
    assert (figures.spent_today_most_usd, figures.spent_month_most_usd) == (2.5, 2.5)
    assert figures.budget_used_ratio == 0.25  # of ten dollars a day
    assert (figures.channels_expiring, figures.channels_to_reconnect) == (1, 0)
    with worker_app.db.transaction(SystemCaller(other_workspace.id)) as tx:
        tx.add(Budget(tenant_id=other_workspace.id, daily_usd=Decimal(1), monthly_usd=None))
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text(statement), values | {"state": "reconnect"})
    with worker_app.db.transaction(Anonymous()) as tx:
        tx.execute(text("DELETE FROM installation_samples"))
    figures = next_minute(worker_app).figures
    assert figures.budget_used_ratio == 1.0  # all of the limit that its owner set
    assert (figures.channels_expiring, figures.channels_to_reconnect) == (0, 1)


@pytest.fixture
def today() -> int:
    """Today as the ledger has it."""
    return int(f"{clock.now():%Y%m%d}")
