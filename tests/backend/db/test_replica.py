"""Lists and exports on a real streaming standby: never older than the primary's answer, and the primary's when it is away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend import datasets
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db import replica, transactions
from backend.errors import Invalid, NotSignedIn
from backend.kit import metrics
from backend.settings import Settings
from ops.local_stack import Stack
from tests.factories.account import Tenant, make_workspace
from tests.support.databases import DatabaseUrls
from tests.support.rest_api import rest_api
from tests.support.standby import Standby, standby_of

IN_RECOVERY = text("SELECT pg_is_in_recovery()")
TENANTS = text("SELECT DISTINCT tenant_id FROM datasets")


@pytest.fixture(scope="module")
def standby(stack: Stack) -> Iterator[Standby]:
    with standby_of(stack) as running:
        yield running


@dataclass
class Asked:
    """How often the replica was asked since this was made, by outcome."""

    def __post_init__(self) -> None:
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        samples = [sample for metric in metrics.REGISTRY.collect() for sample in metric.samples]
        return {s.labels["outcome"]: s.value for s in samples if s.name == "studio_replica_reads_total"}

    def __call__(self) -> dict[str, int]:
        now = self._now()
        return {name: int(n - self._before.get(name, 0)) for name, n in now.items() if n > self._before.get(name, 0)}


@pytest.fixture
def app(settings: Settings, standby: Standby, database_urls: DatabaseUrls) -> Iterator[App]:
    """Patient: a busy machine may replay late, and what is tested is that an answer comes from where it should."""
    url = standby.wait_for_database(database_urls.app)
    built = bootstrap(settings.replace(DATABASE_REPLICA_URL=url, DATABASE_REPLICA_WAIT_MS=10_000), role="studio")
    yield built
    built.close()


def is_replica(tx: Session) -> bool:
    return bool(tx.scalar(IN_RECOVERY))


def names(tx: Session) -> list[str]:
    return [card.name for card in datasets.page(tx).cards]


def make_dataset(app: App, tenant: Tenant, name: str) -> None:
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        datasets.create(tx, name=name)


def test_whoever_has_written_reads_it_on_the_replica(app: App) -> None:
    tenant = make_workspace(app.db)
    for n in range(5):
        make_dataset(app, tenant, f"Summer {n}")
        found, where = app.db.read_list(tenant.caller, lambda tx: (names(tx), is_replica(tx)))
        assert (len(found), where) == (n + 1, True)


def test_replica_shows_one_workspace_and_takes_no_write(app: App) -> None:
    tenant, other = make_workspace(app.db), make_workspace(app.db, "Somebody else's")
    make_dataset(app, tenant, "Mine")
    make_dataset(app, other, "Theirs")
    [row] = app.db.read_rows(tenant.caller, (TENANTS, {}))
    assert row.tenant_id == tenant.id
    assert app.db.read_list(other.caller, names) == ["Theirs"]
    with pytest.raises(Exception, match="read-only transaction"):
        app.db.read_list(tenant.caller, lambda tx: tx.execute(text("DELETE FROM datasets")))


def test_session_that_is_revoked_reads_nothing_though_the_replica_still_has_it(
    app: App, standby: Standby, database_urls: DatabaseUrls
) -> None:
    tenant = make_workspace(app.db)
    assert app.db.read_list(tenant.caller, is_replica)
    standby.pause_replay()
    try:
        with psycopg.connect(database_urls.owner.replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("DELETE FROM sessions")
        with pytest.raises(NotSignedIn):
            app.db.read_list(tenant.caller, names)
    finally:
        standby.resume_replay()


def test_primary_answers_while_the_replica_is_behind(
    settings: Settings, standby: Standby, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "BEHIND_S", 0.0)
    url = standby.wait_for_database(database_urls.app)
    app = bootstrap(settings.replace(DATABASE_REPLICA_URL=url, DATABASE_REPLICA_WAIT_MS=20), role="studio")
    tenant, asked = make_workspace(app.db), Asked()
    standby.pause_replay()
    try:
        make_dataset(app, tenant, "Just made")
        assert app.db.read_list(tenant.caller, lambda tx: (names(tx), is_replica(tx))) == (["Just made"], False)
        assert len(app.db.read_rows(tenant.caller, (TENANTS, {}))) == 1
        assert asked() == {"behind": 2}
    finally:
        standby.resume_replay()
        app.close()


def test_lists_and_exports_are_the_same_and_go_on_when_the_replica_is_killed(
    app: App, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = make_workspace(app.db)
    make_dataset(app, tenant, "Summer")
    month = {"from": "2026-11-01T00:00:00", "to": "2026-12-01T00:00:00"}
    lists: dict[str, dict[str, str]] = {
        "pictures": {}, "pictures/count": {}, "jobs": {}, "content-plans": {}, "content-plans/calendar": month,
        "content-plans/board": {}, "content-plans/calendar/days": month, "assets": {}, "datasets": {},
        "search": {"q": "summer"}, "costs": {}, "system/workspace": {}, "recipes/export": {}, "inbox/counts": {},
    }  # fmt: skip
    with TestClient(rest_api(app), cookies={"studio_sid": tenant.token}) as client:

        def all_lists() -> dict[str, object]:
            here = {"workspace": tenant.id}
            answers = {path: client.get(f"/{path}", params={**here, **query}) for path, query in lists.items()}
            assert {path: answer.text for path, answer in answers.items() if answer.status_code != 200} == {}
            return {path: answer.json() for path, answer in answers.items()}

        asked = Asked()
        on_replica = all_lists()
        assert asked() == {"answered": len(lists) + 1}  # a page of pictures and their number
        standby.server.stop(sig=signal.SIGKILL)
        monkeypatch.setattr(transactions, "_PING_AFTER_S", 0.0)  # as where a list is asked for seldom
        app.db._recent.clear()
        asked = Asked()
        on_primary = all_lists()
        assert asked() == {"away": 1}
        assert on_primary == on_replica
        standby.server.start()
        monkeypatch.setattr(app.db.replica, "_unused_until", 0.0)
        assert app.db.read_list(tenant.caller, is_replica)


def test_studio_starts_without_its_replica_and_uses_it_once_it_answers(
    settings: Settings, standby: Standby, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby.server.stop(sig=signal.SIGKILL)
    url = standby.url(database_urls.app)
    app = bootstrap(settings.replace(DATABASE_REPLICA_URL=url, DATABASE_REPLICA_WAIT_MS=10_000), role="studio")
    tenant = make_workspace(app.db)
    assert not app.db.read_list(tenant.caller, is_replica)
    standby.server.start()
    monkeypatch.setattr(app.db.replica, "_unused_until", 0.0)
    assert app.db.read_list(tenant.caller, is_replica)
    app.close()


@pytest.mark.parametrize("wrong", ["primary", "owner", "other database"])
def test_what_is_no_replica_is_not_read(wrong: str, settings: Settings, standby: Standby, database_urls: DatabaseUrls) -> None:
    """The primary itself, a login that sees all workspaces, another database of the same server."""
    standby.wait_for_database(database_urls.app)
    url = {
        "primary": database_urls.app,
        "owner": standby.url(database_urls.owner),
        "other database": standby.url(database_urls.of("studio_template").app),
    }[wrong]
    changed = settings.replace(DATABASE_REPLICA_URL=url)
    if wrong == "primary":
        built = bootstrap(changed, role="studio")
        assert not built.db.read_list(make_workspace(built.db).caller, is_replica)
        built.close()
    else:
        with pytest.raises(Invalid):
            bootstrap(changed, role="studio")


def test_error_of_a_read_is_the_caller_s(app: App) -> None:
    tenant, asked = make_workspace(app.db), Asked()
    with pytest.raises(ZeroDivisionError):
        app.db.read_list(tenant.caller, lambda _: 1 // 0)
    assert asked() == {}
