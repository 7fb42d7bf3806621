"""Connections that Postgres has ended: found at the first statement, replaced unseen; said only when there is no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, make_url, text
from sqlalchemy.orm import Session

from backend.db.pipelining import execute_pipelined
from backend.db.transactions import CONNECTIONS, Caller, Database, SignedIn, SystemCaller, notify_queue
from backend.errors import DiskFull, NotPermitted, NotSignedIn, Unavailable
from tests.factories.account import Tenant
from tests.support.databases import DatabaseUrls

ME = text("SELECT pg_backend_pid() AS pid, current_setting('app.tenant') AS tenant")
YES, NO = text("SELECT 1 AS one"), text("SELECT 1 AS one WHERE false")


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def db(database_urls: DatabaseUrls, rung: list[str]) -> Iterator[Database]:
    made = Database(database_urls.app, on_notify=rung.append, pool_size=3, max_overflow=0)
    yield made
    made.close()


@pytest.fixture
def kill(database_urls: DatabaseUrls) -> Iterator[Callable[..., None]]:
    """`kill(pid, …)`: Postgres ends these sessions; returns once they are gone."""
    with psycopg.connect(database_urls.app.replace("+psycopg", ""), autocommit=True) as login:

        def done(*pids: int) -> None:
            assert pids
            for pid in pids:
                assert login.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)

        yield done


def me(db: Database, who: Caller) -> int:
    with db.transaction(who) as tx:
        return int(tx.execute(ME).one().pid)


def idle(db: Database, who: Caller, n: int = 3) -> list[int]:
    """Opens `n` connections at once and gives them back: the pool's idle ones, which have answered a moment ago."""
    with ExitStack() as opened:
        return [int(opened.enter_context(db.transaction(who)).execute(ME).one().pid) for _ in range(n)]


@contextmanager
def asked(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What idle connections answer when they are asked whether they live."""
    ping, answers = db.engine.dialect.do_ping, list[str]()

    def told(connection: object) -> bool:
        try:
            alive = ping(connection)  # type: ignore[arg-type]
        except psycopg.Error:
            answers.append("dead")
            raise
        answers.append("alive")
        return alive

    with monkeypatch.context() as patch:
        patch.setattr(db.engine.dialect, "do_ping", told)
        yield answers


@pytest.mark.parametrize("dead", [1, 3])
def test_a_dead_connection_is_replaced_unseen(
    db: Database, workspace: Tenant, kill: Callable[..., None], monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    for who in (workspace.caller, SystemCaller(workspace.id)):
        pids = idle(db, who, dead)
        kill(*pids)
        with asked(db, monkeypatch) as answers, db.transaction(who) as tx:
            row = tx.execute(ME).one()
        assert answers == [], "one that answered a moment ago is used without asking"
        assert row.tenant == workspace.id
        assert row.pid not in pids
        assert not set(idle(db, who)) & set(pids)


def test_after_one_failure_every_idle_connection_is_asked(
    db: Database, workspace: Tenant, kill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = SystemCaller(workspace.id)
    pids = idle(db, who)
    with asked(db, monkeypatch) as answers:
        next_one = me(db, who)
        assert answers == []
        kill(next_one)
        assert me(db, who) not in pids
        assert answers == []
        now = idle(db, who)
        assert answers == ["alive", "alive"]
    assert set(pids) - {next_one} < set(now)


@pytest.mark.parametrize(("fence", "passed"), [(YES, True), (NO, False)])
def test_a_fenced_transaction_asks_its_question_on_a_living_connection(
    db: Database, workspace: Tenant, kill: Callable[..., None], fence: object, passed: bool
) -> None:
    kill(*idle(db, workspace.caller))
    with db.fenced(SystemCaller(workspace.id), fence, {}) as (tx, may_go_on):  # type: ignore[arg-type]
        assert tx.execute(ME).one().tenant == workspace.id
    assert may_go_on is passed


def test_what_was_sent_whole_is_never_sent_again_by_itself(db: Database, workspace: Tenant, kill: Callable[..., None]) -> None:
    trusted, pids = SystemCaller(workspace.id), idle(db, workspace.caller)
    kill(*pids)
    with pytest.raises(Unavailable, match="Nothing was lost; try again"):
        db.run_autocommit(trusted, [(ME, {})])
    [row] = db.run_autocommit(trusted, [(ME, {})])
    assert row.tenant == workspace.id
    assert row.pid not in pids


@contextmanager
def closed(urls: DatabaseUrls) -> Iterator[None]:
    """The database takes no new connections."""
    name = str(make_url(urls.owner).database)
    elsewhere = make_url(urls.owner).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(elsewhere, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        try:
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))


def test_without_another_connection_it_is_said_and_passes(
    db: Database, database_urls: DatabaseUrls, workspace: Tenant, kill: Callable[..., None]
) -> None:
    tries: list[int] = []
    kill(*idle(db, workspace.caller))
    event.listen(db.engine, "do_connect", lambda *_: tries.append(1))
    with closed(database_urls), pytest.raises(Unavailable) as caught:
        me(db, workspace.caller)
    assert str(caught.value) == "The database does not answer right now. Nothing was lost; try again in a moment."
    assert len(tries) == 1, "once more, and not for ever"
    assert me(db, workspace.caller)


def test_a_refusal_is_an_answer_and_is_asked_for_once(db: Database, workspace: Tenant) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))
    with pytest.raises(NotSignedIn), db.transaction(SignedIn("nobody's", workspace.id)):
        pass
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor"):
        pass
    assert [statement.split("FROM ")[1].split("(")[0] for statement in said] == ["enter_workspace", "enter_workspace"]


def test_a_full_disk_is_no_database_that_is_away(db: Database, workspace: Tenant) -> None:
    full = text("DO $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$")
    with pytest.raises(DiskFull, match=r"The disk is full\. Free some space"), db.transaction(workspace.caller) as tx:
        tx.execute(full)
    with pytest.raises(DiskFull, match="Free some space"), db.transaction(workspace.caller) as tx:
        execute_pipelined(tx, [(full, {})])
    with db.transaction(workspace.caller) as tx:
        assert tx.scalar(text("SELECT 1")) == 1


def test_bells_are_rung_after_the_commit_and_once(
    db: Database, workspace: Tenant, kill: Callable[..., None], rung: list[str]
) -> None:
    with db.transaction(workspace.caller) as tx:
        for queue in ("net", "cpu", "net"):
            notify_queue(tx, queue)
        assert rung == []
    assert rung == ["cpu", "net"]

    def lost(how: Callable[[Session], object]) -> None:
        with db.transaction(workspace.caller) as tx:
            notify_queue(tx, "gpu")
            how(tx)

    with pytest.raises(ZeroDivisionError):
        lost(lambda _: 1 // 0)
    with pytest.raises(Unavailable):
        lost(lambda tx: kill(tx.execute(ME).one().pid))
    assert rung == ["cpu", "net"]
    assert me(db, workspace.caller)


def test_a_glance_is_authorised_confined_and_survives_a_dead_connection(
    db: Database, workspace: Tenant, other_workspace: Tenant, kill: Callable[..., None]
) -> None:
    """One trip: entering and the statement travel together, so whoever may not enter must get nothing from it."""
    names = text("SELECT name, current_setting('app.tenant', true) AS tenant FROM workspaces ORDER BY name")
    assert [tuple(row) for row in db.read_once(workspace.caller, (names, {}))] == [(workspace.name, workspace.id)]
    for stranger in (SignedIn(workspace.token, other_workspace.id), SignedIn("nobody", workspace.id)):
        with pytest.raises(NotSignedIn):
            db.read_once(stranger, (names, {}))
    kill(*idle(db, workspace.caller))
    assert [row.tenant for row in db.read_once(workspace.caller, (names, {}))] == [workspace.id]
    with db.engine.connect() as connection:
        assert not connection.scalar(text("SELECT current_setting('app.tenant', true)"))
        assert not connection.scalars(text("SELECT id FROM workspaces")).all()


def test_what_many_look_at_is_read_once_until_somebody_writes(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    reads: list[str] = []

    def look(who: SignedIn) -> str:
        return db.recent(who, "name", lambda tx: reads.append("read") or str(tx.scalar(text("SELECT name FROM workspaces"))))

    assert [look(one.caller) for one in (workspace.owner, workspace.viewer, workspace.editor)] == [workspace.name] * 3
    assert look(other_workspace.caller) == other_workspace.name
    assert len(reads) == 2
    with db.transaction(workspace.caller, needs="owner") as tx:
        tx.execute(text("UPDATE workspaces SET name = 'New'"))
    assert look(workspace.viewer.caller) == "New"
    with pytest.raises(NotSignedIn):
        look(SignedIn("nobody", workspace.id))
    assert len(reads) == 3


def test_all_connections_that_were_opened_are_kept(database_urls: DatabaseUrls) -> None:
    """One beyond what a pool keeps is opened and dropped again for every request, with the password's own work each time."""
    with_threads = Database(database_urls.app)
    try:
        pool = with_threads.engine.pool
        assert (pool.size(), pool._max_overflow) == (CONNECTIONS, 0)  # type: ignore[attr-defined]
    finally:
        with_threads.close()


def test_the_planner_is_set_on_every_connection_and_outlives_a_rollback(db: Database, workspace: Tenant) -> None:
    asked = text("SELECT name, setting FROM pg_settings WHERE name IN ('jit', 'max_parallel_workers_per_gather')")
    for _ in range(2):
        with db.transaction(workspace.caller) as tx:
            tx.rollback()
            assert dict(tuple(row) for row in tx.execute(asked)) == {"jit": "off", "max_parallel_workers_per_gather": "0"}


def test_who_still_works_when_a_database_is_closed_leaves_no_connection_open(database_urls: DatabaseUrls) -> None:
    database = Database(database_urls.app, pool_size=2)
    connections = []
    with database.engine.connect() as working:
        connections.append(working.connection.driver_connection)
        database.close()
    with database.engine.connect() as late:
        connections.append(late.connection.driver_connection)
    assert [connection.closed for connection in connections if connection] == [True, True]
