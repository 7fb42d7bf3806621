"""When heartbeats are sent: seldom while nothing runs, and still early enough for the lease; at once when a job begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from backend.app import App
from backend.db.tables import Worker
from backend.db.transactions import Anonymous
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.handlers import Steps
from tests.support.wait import until
from workers.heartbeat import Heartbeat
from workers.lease import Identity, Lease


@contextmanager
def beating(app: App, *, lease_s: float, beat_s: float) -> Iterator[tuple[Heartbeat, Identity, Lease]]:
    identity, lease = Identity(("cpu",)), Lease(lease_s)
    heartbeat = Heartbeat(app.db, identity, lease, beat_s=beat_s)
    heartbeat.start()
    try:
        yield heartbeat, identity, lease
    finally:
        heartbeat.stop()


def seen_at(app: App, identity: Identity) -> float:
    with app.db.transaction(Anonymous()) as tx:
        moment = tx.scalar(select(Worker.seen_at).where(Worker.id == identity.id))
    assert moment is not None
    return moment.timestamp()


def test_an_idle_worker_keeps_a_short_lease(worker_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.heartbeat.IDLE_BEATS", 1000)
    with beating(worker_app, lease_s=2.0, beat_s=0.1) as (_, identity, lease):
        times = [seen_at(worker_app, identity)]
        for _ in range(3):
            until(lambda: seen_at(worker_app, identity) > times[-1], what="a heartbeat")
            times.append(seen_at(worker_app, identity))
            assert not lease.lapsed


def test_a_job_that_begins_is_not_kept_waiting_by_an_idle_workers_heartbeat(
    worker_app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.heartbeat.IDLE_BEATS", 100_000)
    context = make_context(worker_app, workspace, "test-steps", Steps())
    with beating(worker_app, lease_s=3600.0, beat_s=0.1) as (heartbeat, identity, _):
        registered_at = seen_at(worker_app, identity)
        heartbeat.watch(context)
        until(lambda: context.lost, what="the heartbeat that tells it whose it is")
        assert seen_at(worker_app, identity) > registered_at
