"""Connections that Postgres has ended: found at the first statement, replaced unseen; said only when there is no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, make_url, text
from sqlalchemy.orm import Session

from backend.errors import NotPermitted, NotSignedIn, Unavailable
from backend.kit.db import Caller, Database, SignedIn, Trusted, ring
from tests.factories.account import Tenant
from tests.support.databases import DatabaseUrls

ME = text("SELECT pg_backend_pid() AS pid, current_setting('app.tenant') AS tenant")
YES, NO = text("SELECT 1 AS one"), text("SELECT 1 AS one WHERE false")


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def db(database_urls: DatabaseUrls, rung: list[str]) -> Iterator[Database]:
    made = Database(database_urls.app, on_ring=rung.append, pool_size=3, max_overflow=0)
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
    for who in (workspace.caller, Trusted(workspace.id)):
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
    who = Trusted(workspace.id)
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
    with db.fenced(Trusted(workspace.id), fence, {}) as (tx, may_go_on):  # type: ignore[arg-type]
        assert tx.execute(ME).one().tenant == workspace.id
    assert may_go_on is passed


def test_what_was_sent_whole_is_never_sent_again_by_itself(db: Database, workspace: Tenant, kill: Callable[..., None]) -> None:
    trusted, pids = Trusted(workspace.id), idle(db, workspace.caller)
    kill(*pids)
    with pytest.raises(Unavailable, match="Nothing was lost; try again"):
        db.at_once(trusted, [(ME, {})])
    [row] = db.at_once(trusted, [(ME, {})])
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


def test_bells_are_rung_after_the_commit_and_once(
    db: Database, workspace: Tenant, kill: Callable[..., None], rung: list[str]
) -> None:
    with db.transaction(workspace.caller) as tx:
        for queue in ("net", "cpu", "net"):
            ring(tx, queue)
        assert rung == []
    assert rung == ["cpu", "net"]

    def lost(how: Callable[[Session], object]) -> None:
        with db.transaction(workspace.caller) as tx:
            ring(tx, "gpu")
            how(tx)

    with pytest.raises(ZeroDivisionError):
        lost(lambda _: 1 // 0)
    with pytest.raises(Unavailable):
        lost(lambda tx: kill(tx.execute(ME).one().pid))
    assert rung == ["cpu", "net"]
    assert me(db, workspace.caller)
