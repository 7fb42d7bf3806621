"""One look for all threads beside the scheduler: what it sees, and who has something to do then."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text, update

from backend import events, jobs
from backend.app import App
from backend.db.tables import Job
from backend.db.transactions import Anonymous, SystemCaller
from tests.factories.account import Tenant
from tests.support.handlers import Steps
from tests.support.wait import until
from workers.due_work import DueCheck, DueWork


@pytest.fixture
def due_work(worker_app: App, monkeypatch: pytest.MonkeyPatch) -> DueWork:
    monkeypatch.setattr("workers.due_work._SHARED_FOR", 0.0)
    return DueWork(worker_app)


def test_who_has_seen_everything_rests_until_there_is_more(worker_app: App, workspace: Tenant, due_work: DueWork) -> None:
    scheduler, sender = DueCheck(due_work, "jobs"), DueCheck(due_work, "notices")
    with worker_app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)
    assert [scheduler.is_due(), sender.is_due()] == [True, True], "the first time"
    assert [scheduler.is_due(), sender.is_due()] == [False, False]
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        job_id = jobs.enqueue(tx, kind="test-steps", payload=Steps(n=0), title="x", request_key="x").id
    assert sender.is_due(), "an event without a position"
    with worker_app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)
    assert [sender.is_due(), sender.is_due()] == [True, False], "a new position, once"
    assert [scheduler.is_due(), scheduler.is_due()] == [True, True], "a job waits"
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Job).where(Job.id == job_id).values(state="cancelled"))
    assert not scheduler.is_due()
    scheduler.expire()
    assert scheduler.is_due(), "the pass before it failed"


def test_the_role_of_a_look_ends_with_it(worker_app: App, workspace: Tenant, due_work: DueWork) -> None:
    worker_app.db.engine.dispose()  # so that the next transaction gets the connection of the look
    due_work.look()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert tx.scalar(text("SELECT current_user")) == "studio_worker"


def test_who_waits_is_woken_by_a_look_that_sees_something_for_it(worker_app: App, workspace: Tenant, due_work: DueWork) -> None:
    scheduler, sender = DueCheck(due_work, "jobs", anew=True), DueCheck(due_work, "notices")
    stopping, passes = threading.Event(), list[bool]()

    def send() -> None:
        while sender.wait(stopping):
            passes.append(sender.is_due())

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    scheduler.is_due()
    until(lambda: passes == [True], what="its first pass")
    for _ in range(3):
        scheduler.is_due()
    assert passes == [True], "nothing is new"
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        jobs.enqueue(tx, kind="test-steps", payload=Steps(n=0), title="x", request_key="x")
    scheduler.is_due()
    until(lambda: len(passes) > 1, what="the pass for the new event")
    stopping.set()
    scheduler.is_due()
    thread.join(30)
    assert not thread.is_alive()
