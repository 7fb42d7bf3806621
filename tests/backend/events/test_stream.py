"""Positions are given after the commit: whoever reads on from one misses nothing."""

from __future__ import annotations

import threading

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from backend import events
from backend.app import App
from backend.db.transactions import Anonymous
from tests.factories.account import Tenant


def record(app: App, workspace: Tenant, *noun_ids: str) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        for noun_id in noun_ids:
            events.record(tx, "test.happened", "test", noun_id)


def record_and_fail(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        events.record(tx, "test.happened", "test", "never")
        tx.execute(text("SELECT 1 / 0"))


def numbered(app: App) -> int:
    with app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)
    with app.db.transaction(Anonymous()) as tx:
        return events.stream.last_position(tx)


def read(app: App, workspace: Tenant, position: int, take: int = 100) -> list[tuple[int, str]]:
    with app.db.transaction(workspace.caller) as tx:
        return [(place, event.noun_id) for place, event in events.stream.after(tx, position, take=take)]


def test_an_event_that_commits_late_comes_behind_those_that_were_read(app: App, workspace: Tenant) -> None:
    start = numbered(app)
    written, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            events.record(tx, "test.happened", "test", "slow")
            written.set()
            commit.wait(30)

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(30)
    record(app, workspace, "quick")
    numbered(app)
    [(position, noun_id)] = read(app, workspace, start)
    assert noun_id == "quick"
    commit.set()
    thread.join()
    assert read(app, workspace, position) == [], "it has no position before somebody has numbered it"
    numbered(app)
    assert [noun_id for _, noun_id in read(app, workspace, position)] == ["slow"]


def test_many_who_number_at_once_give_each_event_one_position(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    start = numbered(app)

    def write_and_number(tenant: Tenant, name: str) -> None:
        for n in range(10):
            record(app, tenant, f"{name}{n}")
            numbered(app)

    threads = [
        threading.Thread(target=write_and_number, args=(tenant, name))
        for tenant, name in ((workspace, "a"), (workspace, "b"), (other_workspace, "c"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mine, theirs = read(app, workspace, start), read(app, other_workspace, start)
    positions = [position for position, _ in (*mine, *theirs)]
    assert len(set(positions)) == 30
    assert [noun_id for _, noun_id in mine if noun_id[0] == "a"] == [f"a{n}" for n in range(10)]
    assert {noun_id[0] for _, noun_id in theirs} == {"c"}
    with app.db.transaction(Anonymous()) as tx:
        assert events.stream.workspaces_after(tx, start) == {workspace.id: mine[-1][0], other_workspace.id: theirs[-1][0]}
        assert events.stream.workspaces_after(tx, max(positions)) == {}
    assert len(read(app, workspace, start, take=3)) == 3


def test_postgres_tells_of_a_commit_and_not_of_a_rollback(app: App, workspace: Tenant) -> None:
    url = app.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {events.stream.CHANNEL}")
        with pytest.raises(DataError):
            record_and_fail(app, workspace)
        record(app, workspace, "one", "two")
        notifications = list(connection.notifies(timeout=5, stop_after=1))
        assert len(notifications) == 1
        assert list(connection.notifies(timeout=0)) == []
