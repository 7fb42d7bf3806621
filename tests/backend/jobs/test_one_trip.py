"""Several statements sent together: what becomes of them when one fails, and when the session is gone."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from backend import jobs
from backend.db.pipelining import execute_pipelined
from backend.db.tables import Attempt, JobState
from backend.db.transactions import Database, SystemCaller
from backend.errors import Unavailable
from backend.jobs import AttemptEnd, AttemptRef, finish_attempts
from backend.jobs.claim import finish_and_claim
from backend.jobs.rules import AttemptOutcome, completed
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.handlers import HANDLERS, Steps
from tests.support.wait import until

ONE = text("SELECT 1 AS one")


def test_who_has_lost_its_attempt_costs_the_others_nothing(worker_app: Any, workspace: Tenant) -> None:
    contexts = [make_context(worker_app, workspace, "test-steps", Steps()) for _ in range(3)]
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.get_one(Attempt, contexts[1].attempt_id).ended_at = text("clock_timestamp()")
    refs = [AttemptRef(context.job_id, context.attempt_id) for context in contexts]
    with worker_app.db.dispatch() as tx:
        states = finish_attempts(tx, [AttemptEnd(ref, completed({"n": n}), {}) for n, ref in enumerate(refs)])
    assert states == ["completed", None, "completed"]


def test_attempts_are_finished_and_the_next_jobs_claimed_in_one_trip(worker_app: Any, workspace: Tenant) -> None:
    contexts = [make_context(worker_app, workspace, "test-steps", Steps()) for _ in range(2)]
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.get_one(Attempt, contexts[1].attempt_id).ended_at = text("clock_timestamp()")
        job = jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="next", request_key="next")
    refs = [AttemptRef(context.job_id, context.attempt_id) for context in contexts]
    claim_two = partial(finish_and_claim, worker_app.db, n=2, queue="cpu", worker_id="wrk", kinds=HANDLERS)
    done = claim_two([AttemptEnd(ref, completed({}), {}) for ref in refs], settings=worker_app.settings)
    assert done is not None
    assert done[0] == ["completed", None]
    [claim] = done[1]
    assert claim.job_id == job.id
    released = AttemptOutcome("released", JobState.PENDING)
    again = AttemptEnd(AttemptRef(claim.job_id, claim.attempt_id), released, {})
    assert claim_two([again], settings=worker_app.settings) is None, "its queue is notified, which is more than a statement"


def test_a_statement_that_fails_undoes_all_of_them_and_the_session_is_of_use(worker_db: Database) -> None:
    with pytest.raises(psycopg.DataError), worker_db.dispatch() as tx:
        execute_pipelined(tx, [(ONE, {}), (text("SELECT 1 / CAST(:n AS int)"), {"n": 0}), (ONE, {})])
    with worker_db.dispatch() as tx:
        assert [row.one for row in execute_pipelined(tx, [(ONE, {}), (ONE, {})])] == [1, 1]


@pytest.mark.parametrize("how", ["terminated", "idle for too long"])
def test_a_session_that_is_gone_is_said_as_an_outage(worker_db: Database, how: str) -> None:
    def cut_off() -> None:
        with worker_db.dispatch() as tx:
            pid = tx.scalar(text("SELECT pg_backend_pid()"))
            if how == "terminated":
                with worker_db.engine.connect() as other:
                    other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            else:
                tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 10"))
            until(lambda: not _alive(worker_db, pid), what="the session's end")
            execute_pipelined(tx, [(ONE, {}), (ONE, {})])

    with pytest.raises(Unavailable):
        cut_off()
    with worker_db.dispatch() as tx:
        assert [row.one for row in execute_pipelined(tx, [(ONE, {})])] == [1]


PUT = text("INSERT INTO budgets (tenant_id) VALUES (:tenant_id) RETURNING tenant_id")
COUNT = text("SELECT count(*) AS n FROM budgets")


def test_a_whole_transaction_in_one_trip_is_all_or_nothing(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    whose, mine = SystemCaller(workspace.id), {"tenant_id": workspace.id}
    with pytest.raises(psycopg.DataError):
        db.run_autocommit(whose, [(PUT, mine), (text("SELECT 1 / CAST(:n AS int)"), {"n": 0})])
    assert db.run_autocommit(whose, [(COUNT, {})])[0].n == 0
    assert [row[0] for row in db.run_autocommit(whose, [(PUT, mine), (COUNT, {})])] == [workspace.id, 1]
    assert db.run_autocommit(SystemCaller(other_workspace.id), [(COUNT, {})])[0].n == 0, "rows stay their workspace's"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.run_autocommit(
            SystemCaller(other_workspace.id), [(text("INSERT INTO budgets (tenant_id) VALUES (:t)"), {"t": workspace.id})]
        )


def test_the_last_trip_takes_the_commit_along(db: Database, workspace: Tenant) -> None:
    with db.transaction(SystemCaller(workspace.id)) as tx:
        execute_pipelined(tx, [(PUT, {"tenant_id": workspace.id})], last=True)
        assert db.run_autocommit(SystemCaller(workspace.id), [(COUNT, {})])[0].n == 1


def test_connections_that_died_while_idle_do_no_harm(db: Database, workspace: Tenant, monkeypatch: Any) -> None:
    with db.transaction(SystemCaller(workspace.id)) as tx:
        pid = tx.scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as one, db.engine.connect() as other:
        victims = {one.scalar(text("SELECT pg_backend_pid()")), other.scalar(text("SELECT pg_backend_pid()"))}
    assert pid in victims
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as killer:
        for victim in victims:
            killer.execute("SELECT pg_terminate_backend(%s)", [victim])
        left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
        until(lambda: killer.execute(left, [list(victims)]).fetchone() == (0,), what="their end")
    monkeypatch.setattr("backend.db.transactions._PING_AFTER_S", 0.0)
    assert db.run_autocommit(SystemCaller(workspace.id), [(ONE, {})])[0].one == 1
    with db.transaction(SystemCaller(workspace.id)) as tx:
        assert tx.scalar(ONE) == 1


def _alive(db: Database, pid: int | None) -> bool:
    with db.dispatch() as tx:
        return bool(tx.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}))
