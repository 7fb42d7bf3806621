"""The clockwork: bells, mercy after an outage, what starts by itself."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text

from backend import jobs
from backend.jobs import schedules
from backend.jobs.bell import ENOUGH
from backend.kit.db import Trusted
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.handlers import Steps
from workers.identity import Identity
from workers.keeper import STRANGE_BEATS, Keeper
from workers.lease import Lease
from workers.tick import Tick


def ask(app: Any, tenant: Tenant, key: str, **more: Any) -> str:
    with app.db.transaction(Trusted(tenant.id)) as tx:
        return jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", request_key=key, **more).id


def test_the_tick_rings_what_nobody_rang(worker_app: Any, workspace: Tenant) -> None:
    rung: list[str] = []
    tick = Tick(worker_app, rung.append)
    tick.once()
    assert rung == []
    ask(worker_app, workspace, "a")
    ask(worker_app, workspace, "b")
    tick.once()
    assert rung == ["cpu", "cpu"]


def test_bells_do_not_pile_up_and_a_missing_redis_is_harmless(worker_app: Any, redis_url: str) -> None:
    ring = jobs.bell(worker_app.redis)
    for _ in range(ENOUGH + 10):
        ring("cpu")
    assert worker_app.redis.llen("dramatiq:cpu") == ENOUGH
    with redis.Redis(port=1, retry=Retry(NoBackoff(), 1)) as nowhere:
        jobs.bell(nowhere)("cpu")


def test_after_an_outage_workers_get_one_lease_to_speak(worker_app: Any, workspace: Tenant) -> None:
    context = make_context(worker_app, workspace, "test-steps", Steps())
    tick = Tick(worker_app, lambda queue: None)
    tick._answered_at -= 3600.0
    tick.once()
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "processing"
    tick._mercy_until = 0.0
    tick.once()
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "pending"


def test_schedules_fire_once_a_date_in_every_workspace(worker_app: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    def fire() -> int:
        with worker_app.db.dispatch() as tx:
            return schedules.fire_due(tx, worker_app.settings)

    assert fire() == 0
    with worker_app.db.dispatch() as tx:
        tx.execute(text("UPDATE schedules SET next_at = clock_timestamp() - interval '3 days'"))
    assert [fire(), fire()] == [2, 0]
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        (card,) = jobs.page(tx, kinds=["upkeep"]).cards
    assert card.state == "pending"
    with worker_app.db.dispatch() as tx:
        tx.execute(text("UPDATE schedules SET next_at = clock_timestamp()"))
    assert fire() == 0, "one is on its way already"


def test_the_keeper_gives_back_what_its_process_does_not_know(worker_app: Any, workspace: Tenant) -> None:
    """A claim whose answer was lost on the wire: the row says ours, no thread of ours has heard of it."""
    context = make_context(worker_app, workspace, "test-steps", Steps())
    identity = Identity(("cpu",))
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Keeper(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    for _ in range(STRANGE_BEATS):
        with worker_app.db.transaction(Trusted(workspace.id)) as tx:
            assert jobs.get(tx, context.job_id).state == "processing"
        keeper._beat_once("up")
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "pending"
        assert [worker.id for worker in jobs.workers(tx, lease_s=60.0)] == [identity.id]


def test_the_keeper_flushes_reports_and_learns_of_cancels(worker_app: Any, workspace: Tenant) -> None:
    context = make_context(worker_app, workspace, "test-steps", Steps())
    identity = Identity(("cpu",))
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Keeper(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    keeper.watch(context)
    context.progress(3, 10, "drawing")
    context.preview(b"x")
    context.log("a line")
    keeper._beat_once("up")
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        card = jobs.get(tx, context.job_id)
        assert (card.done, card.total, card.phase, card.progress) == (3, 10, "drawing", 0.3)
        assert card.preview
        assert [line.line for line in jobs.log(tx, context.job_id)] == ["a line"]
        jobs.cancel(tx, context.job_id)
    keeper._beat_once("up")
    assert context.cancel_requested
    assert not context.lost


def test_words_that_postgres_does_not_take_cost_nobody_the_lease(worker_app: Any, workspace: Tenant) -> None:
    """One beat speaks for all jobs of the process."""
    contexts = [make_context(worker_app, workspace, "test-steps", Steps()) for _ in range(2)]
    identity = Identity(("cpu",))
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Keeper(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    for context in contexts:
        keeper.watch(context)
        context.progress(1, 2, "half a \ud83d and a \x00")
        context.log("the same \ud83d\x00")
    keeper._beat_once("up")
    with worker_app.db.transaction(Trusted(workspace.id)) as tx:
        assert [jobs.get(tx, context.job_id).phase for context in contexts] == ["half a ? and a "] * 2
        assert [line.line for line in jobs.log(tx, contexts[0].job_id)] == ["the same ?"]
