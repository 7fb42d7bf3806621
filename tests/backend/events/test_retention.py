"""Old events are deleted in small batches, once they are older than their term and nobody reads on from them any more."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from backend import audit, events, loras
from backend.app import App
from backend.db.callers import Origin
from backend.db.tables import AuditChange, EventRow
from backend.db.transactions import Anonymous, SignedIn, SystemCaller
from backend.errors import Unavailable
from tests.factories.account import Tenant
from tests.factories.making import make_lora
from tests.support.databases import DatabaseUrls
from workers.scheduler import Scheduler

DAYS = 40


def age(urls: DatabaseUrls, statement: str, **values: Any) -> None:
    """Runs a statement as the owner of the tables: nobody else may alter what happened."""
    engine = create_engine(urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def record(app: App, tenant: Tenant, *nouns: str) -> None:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        for noun in nouns:
            events.record(tx, "test.happened", noun, noun)
    with app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)


def left(app: App, tenant: Tenant) -> list[str]:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        return list(tx.scalars(select(EventRow.noun).order_by(EventRow.position)))


def purge(app: App, **options: Any) -> events.Purge:
    with app.db.transaction(Anonymous()) as tx:
        return events.purge(tx, days=DAYS, **options)


def test_the_edge_of_the_term_is_kept(worker_app: App, workspace: Tenant, database_urls: DatabaseUrls) -> None:
    record(worker_app, workspace, "older", "edge", "new")
    for noun, seconds in (("older", 60), ("edge", -60)):
        age(
            database_urls,
            "UPDATE events SET created_at = clock_timestamp() - make_interval(days => :days, secs => :s) WHERE noun = :noun",
            days=DAYS,
            s=seconds,
            noun=noun,
        )
    assert purge(worker_app).purged == 1
    assert left(worker_app, workspace) == ["edge", "new"]
    age(database_urls, "UPDATE events SET created_at = created_at - interval '1 year'")
    purge(worker_app)
    assert left(worker_app, workspace) == ["new"]  # the newest stays: positions go on behind it
    with pytest.raises(DBAPIError, match="30 days"), worker_app.db.transaction(Anonymous()) as tx:
        events.purge(tx, days=29)


def test_what_somebody_still_reads_stays(
    worker_app: App, workspace: Tenant, other_workspace: Tenant, database_urls: DatabaseUrls
) -> None:
    record(worker_app, workspace, "first", "second")
    record(worker_app, other_workspace, "third", "fourth")
    age(database_urls, "UPDATE events SET created_at = created_at - interval '1 year'")
    second = "(SELECT position FROM events WHERE noun = 'second')"
    age(
        database_urls,
        f"INSERT INTO notice_feeds (tenant_id, position) VALUES (:tenant, {second} - 1)"
        " ON CONFLICT (tenant_id) DO UPDATE SET position = excluded.position",
        tenant=workspace.id,
    )
    assert purge(worker_app).purged == 2
    assert left(worker_app, workspace) == ["second"]
    assert left(worker_app, other_workspace) == ["fourth"]
    age(database_urls, "UPDATE notice_feeds SET position = position + 1")
    age(database_urls, "INSERT INTO installation_samples VALUES (clock_timestamp(), 0, '{}')")
    assert purge(worker_app).purged == 0
    age(database_urls, "DELETE FROM installation_samples")
    age(database_urls, "INSERT INTO webhook_cursors (name, position) VALUES ('n8n', 0)")
    assert purge(worker_app).purged == 0
    age(database_urls, "DELETE FROM webhook_cursors")
    assert purge(worker_app).purged == 1


def test_the_scheduler_goes_on_behind_what_stays_until_nothing_is_old(
    worker_app: App, workspace: Tenant, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(worker_app, workspace, *(f"n{n}" for n in range(7)))
    age(database_urls, "UPDATE events SET created_at = created_at - interval '2 years' WHERE noun < 'n6'")
    first, positions = purge(worker_app, take=3), []
    assert (first.more, first.purged) == (True, 3)
    monkeypatch.setattr(events, "purge", lambda tx, **o: positions.append(o["after"]) or real(tx, **o | {"take": 2}))
    scheduler = Scheduler(worker_app, lambda queue: None)
    for _ in range(4):
        scheduler._purge_events()
    assert left(worker_app, workspace) == ["n6"]
    assert len(positions) == 2  # then it rests for an hour
    assert positions[1] > 0


def test_changes_end_with_their_events(worker_app: App, workspace: Tenant, database_urls: DatabaseUrls) -> None:
    with worker_app.db.transaction(workspace.caller, needs="editor") as tx:
        loras.rename(tx, make_lora(tx).id, "bella-2")
    age(database_urls, "UPDATE audit_changes SET created_at = created_at - interval '1 year'")
    assert purge(worker_app).purged == 1
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert tx.scalars(select(AuditChange)).all() == []


def test_what_people_did_is_archived_before_it_is_deleted(
    worker_app: App, workspace: Tenant, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = SignedIn(workspace.owner.token, workspace.id, Origin("page", "203.0.113.7"))
    with worker_app.db.transaction(home, needs="editor") as tx:
        loras.rename(tx, make_lora(tx, "bella").id, "bella-2")
        events.record(tx, "test.typed", "lora", "x", {"caption": "nobody may read this"})
    record(worker_app, workspace, "of_the_studio", "newest")
    age(database_urls, "UPDATE events SET created_at = '2020-03-04'")
    age(database_urls, "UPDATE audit_changes SET created_at = '2020-02-29'")
    folder = worker_app.settings.data_dir / "audit"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    scheduler = Scheduler(worker_app, lambda queue: None)
    with pytest.raises(Unavailable, match="nothing was deleted"):
        scheduler._purge_events()
    assert len(left(worker_app, workspace)) == 5
    folder.unlink()
    scheduler._purge_events()
    assert left(worker_app, workspace) == ["newest"]
    [february, march] = [gzip.decompress(path.read_bytes()).decode() for path in sorted(folder.iterdir())]
    [change] = [json.loads(line) for line in february.splitlines()]
    assert (change["verb"], change["before"], change["after"]) == ("lora.name", {"name": "bella"}, {"name": "bella-2"})
    acts = [json.loads(line) for line in march.splitlines()]
    assert {act["kind"] for act in acts} == {"lora.added", "lora.renamed", "test.typed"}
    assert {(act["person"], act["workspace"], act["address"]) for act in acts} == {("Owner Example", "Studio", "203.0.113.7")}
    assert "nobody may read this" not in march
    audit.archive(folder, acts[:1])
    assert gzip.decompress((folder / "2020-03.jsonl.gz").read_bytes()).decode().startswith(march)  # added behind


def test_the_studios_login_cannot_take_what_others_did(app: App) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), app.db.transaction(Anonymous()) as tx:
        events.purge(tx, days=DAYS)


real = events.purge
