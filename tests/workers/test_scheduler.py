"""The scheduler: queue notifications, grace after an outage, what it starts by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text

from backend import jobs
from backend.db.transactions import SystemCaller
from backend.jobs import schedules, sweep
from backend.jobs.queue_notify import MAX_PENDING
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.handlers import Steps
from workers.heartbeat import ORPHAN_BEATS, Heartbeat
from workers.lease import Identity, Lease
from workers.scheduler import Scheduler


def ask(app: Any, tenant: Tenant, key: str, **more: Any) -> str:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        return jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", request_key=key, **more).id


def test_the_tick_rings_what_nobody_rang(worker_app: Any, workspace: Tenant) -> None:
    rung: list[str] = []
    tick = Scheduler(worker_app, rung.append)
    tick.tick()
    assert rung == []
    ask(worker_app, workspace, "a")
    ask(worker_app, workspace, "b")
    tick.tick()
    assert rung == ["cpu", "cpu"]


def test_bells_do_not_pile_up_and_a_missing_redis_is_harmless(worker_app: Any, redis_url: str) -> None:
    ring = jobs.notifier(worker_app.redis)
    for _ in range(MAX_PENDING + 10):
        ring("cpu")
    assert worker_app.redis.llen("dramatiq:cpu") == MAX_PENDING
    with redis.Redis(port=1, retry=Retry(NoBackoff(), 1)) as nowhere:
        jobs.notifier(nowhere)("cpu")


def test_after_an_outage_workers_get_one_lease_to_speak(worker_app: Any, workspace: Tenant) -> None:
    context = make_context(worker_app, workspace, "test-steps", Steps())
    tick = Scheduler(worker_app, lambda queue: None)
    tick._answered_at -= 3600.0
    tick.tick()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "processing"
    tick._grace_until = 0.0
    tick.tick()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "pending"


def test_schedules_fire_once_a_date_in_every_workspace(worker_app: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    def fire() -> int:
        with worker_app.db.dispatch() as tx:
            return schedules.fire_due(tx, worker_app.settings)

    assert fire() == 0
    with worker_app.db.dispatch() as tx:
        tx.execute(text("UPDATE schedules SET next_at = clock_timestamp() - interval '3 days'"))
    assert [fire(), fire()] == [2, 0]
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        (card,) = jobs.page(tx, kinds=["upkeep"]).cards
    assert card.state == "pending"
    with worker_app.db.dispatch() as tx:
        tx.execute(text("UPDATE schedules SET next_at = clock_timestamp()"))
    assert fire() == 0, "one is on its way already"


def test_the_keeper_gives_back_what_its_process_does_not_know(worker_app: Any, workspace: Tenant) -> None:
    """A claim whose answer was lost on the wire: the row says ours, no thread of ours has heard of it."""
    context = make_context(worker_app, workspace, "test-steps", Steps())
    identity = Identity(("cpu",))
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Heartbeat(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    for _ in range(ORPHAN_BEATS):
        with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
            assert jobs.get(tx, context.job_id).state == "processing"
        keeper._send_heartbeat("up")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert jobs.get(tx, context.job_id).state == "pending"
        assert [worker.id for worker in jobs.workers(tx, lease_s=60.0)] == [identity.id]


def test_the_keeper_flushes_reports_and_learns_of_cancels(worker_app: Any, workspace: Tenant) -> None:
    context = make_context(worker_app, workspace, "test-steps", Steps())
    identity = Identity(("cpu",))
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Heartbeat(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    keeper.watch(context)
    context.progress(3, 10, "drawing")
    context.preview(b"x")
    context.log("a line")
    keeper._send_heartbeat("up")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        card = jobs.get(tx, context.job_id)
        assert (card.done, card.total, card.phase, card.progress) == (3, 10, "drawing", 0.3)
        assert card.preview
        assert [line.line for line in jobs.log(tx, context.job_id)] == ["a line"]
        jobs.cancel(tx, context.job_id)
    keeper._send_heartbeat("up")
    assert context.cancel_requested
    assert not context.lost


def test_words_that_postgres_does_not_take_cost_nobody_the_lease(worker_app: Any, workspace: Tenant) -> None:
    """One beat speaks for all jobs of the process."""
    contexts = [make_context(worker_app, workspace, "test-steps", Steps()) for _ in range(2)]
    identity = Identity(("cpu",))
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("UPDATE attempts SET worker_id = :w"), {"w": identity.id})
    keeper = Heartbeat(worker_app.db, identity, Lease(60.0), beat_s=60.0)
    for context in contexts:
        keeper.watch(context)
        context.progress(1, 2, "half a \ud83d and a \x00")
        context.log("the same \ud83d\x00")
    keeper._send_heartbeat("up")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert [jobs.get(tx, context.job_id).phase for context in contexts] == ["half a ? and a "] * 2
        assert [line.line for line in jobs.log(tx, contexts[0].job_id)] == ["the same ?"]


def test_a_clock_set_back_keeps_nobody_waiting(worker_app: Any, workspace: Tenant) -> None:
    """What a machine wrote before the time servers corrected it by three days; its worker is dead."""
    context = make_context(worker_app, workspace, "test-steps", Steps())
    waiting = ask(worker_app, workspace, "later")
    days = "interval '3 days'"
    worker = "INSERT INTO workers (id, host, pid, queues, version, seen_at) VALUES"
    with worker_app.db.dispatch() as tx:
        for wrong in (
            f"{worker} ('wrk_w', 'h', 1, '[]', '1', now() + {days})",
            f"UPDATE attempts SET worker_id = 'wrk_w', started_at = now() + {days}, progressed_at = now() + {days}",
            f"UPDATE jobs SET created_at = now() + {days}, not_before = now() + {days} + '1 min' WHERE id = '{waiting}'",
            f"INSERT INTO turns (queue, tenant_id, served_at) VALUES ('cpu', '{workspace.id}', now() + {days})",
            f"INSERT INTO schedules (id, every_s, next_at) VALUES ('upkeep', 3600, now() + {days})",
            f"INSERT INTO devices (id, host, name, probe_at) VALUES ('h/cpu', 'h', 'cpu', now() + {days})",
        ):
            tx.execute(text(wrong))
    Scheduler(worker_app, lambda queue: None).tick()
    with worker_app.db.dispatch() as tx:
        assert tx.scalar(text("SELECT state FROM jobs WHERE id = :job"), {"job": context.job_id}) == "pending"
        assert tx.scalar(text("SELECT state FROM workers")) == "gone"
        soon = "SELECT extract(epoch FROM not_before - clock_timestamp()) FROM jobs WHERE id = :job"
        assert 30 < tx.scalars(text(soon), {"job": waiting}).one() <= 60, "its pause keeps its length"
        ahead = "SELECT greatest((SELECT served_at FROM turns), (SELECT probe_at FROM devices)) > clock_timestamp()"
        assert tx.scalars(text(ahead)).one() is False
        assert tx.scalars(text("SELECT next_at < now() + interval '3601 s' FROM schedules")).one()


def test_workers_that_live_are_not_taken_for_dead_when_the_clock_is_set_back(worker_app: Any, workspace: Tenant) -> None:
    context = make_context(worker_app, workspace, "test-steps", Steps())
    tick = Scheduler(worker_app, lambda queue: None)
    tick.tick()
    assert tick._clock_offset is not None
    tick._clock_offset += 3 * 86_400.0  # as if it had been that far ahead a second ago
    with worker_app.db.dispatch() as tx:
        seen_ats = (
            "INSERT INTO workers (id, host, pid, queues, version, seen_at) VALUES ('wrk_l', 'h', 1, '[]', '1', now() + :ahead)"
        )
        tx.execute(text(seen_ats), {"ahead": timedelta(days=3)})
        tx.execute(text("UPDATE attempts SET worker_id = 'wrk_l', ended_at = NULL, outcome = 'running'"))
        tx.execute(text("UPDATE jobs SET state = 'processing', attempt_id = :a"), {"a": context.attempt_id})
    tick.tick()
    with worker_app.db.dispatch() as tx:
        assert tx.scalar(text("SELECT state FROM jobs")) == "processing"
        assert tx.scalar(text("SELECT state FROM workers")) == "up"


def test_a_worker_whose_process_is_gone_is_missed_at_once(worker_app: Any) -> None:
    with worker_app.db.dispatch() as tx:
        row = "INSERT INTO workers (id, host, pid, queues, version, seen_at) VALUES (:id, :host, :pid, '[]', '1', now() + :ago)"
        for values in (("dead", "here", 7, -10), ("lives", "here", 8, -10), ("beats", "here", 7, 0), ("far", "there", 7, -10)):
            worker_id, host, pid, ago = values
            tx.execute(text(row), {"id": worker_id, "host": host, "pid": pid, "ago": timedelta(seconds=ago)})
        settings = worker_app.settings.replace(JOB_LEASE_S=60.0)
        assert sweep.mark_dead_processes(tx, settings, host="here", pid_exists=lambda pid: pid == 8) == ["dead"]
        assert dict(tx.execute(text("SELECT id, state FROM workers")).all())["dead"] == "gone"
