"""`make cleanup`: names what nothing needs, removes only that, beside a studio that goes on writing."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets
from backend.app import App
from backend.db.tables import Asset, Upload
from backend.db.transactions import SystemCaller
from backend.errors import NotFound, Unavailable
from backend.settings import Settings
from ops.cleanup import __main__ as cleanup
from ops.cleanup.__main__ import CleanupFinding
from ops.running_studio import with_servers
from tests.factories.account import Tenant

NOW = timedelta(0)


@pytest.fixture(autouse=True)
def _empty_bucket(worker_app: App) -> Iterator[None]:
    worker_app.storage.delete(worker_app.storage.list(""))
    yield
    worker_app.storage.delete(worker_app.storage.list(""))


def run(app: App, *, grace: timedelta = NOW, delete: bool = False) -> dict[str, CleanupFinding]:
    return {finding.name: finding for finding in cleanup.clean_up(app, grace=grace, delete=delete)}


def there(app: App, key: str) -> bool:
    try:
        return app.storage.stat(key).size > 0
    except NotFound:
        return False


def stored_file(app: App, tenant: Tenant, n: int) -> str:
    """The key of a stored file with a thumbnail."""
    key = assets.key_for("image", tenant_id=tenant.id, job_id="job_1", attempt_id="att_1", n=n)
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        tx.add(Asset(id=f"ast_{n}", kind="image", state="stored", key=key, content_type="image/png", thumbs=[160]))
    for name in (key, assets.thumb_key(key, 160)):
        app.storage.put_bytes(name, b"bytes", "image/png")
    return key


def test_only_what_no_row_names_goes_and_only_when_it_is_asked_for(worker_app: App, workspace: Tenant) -> None:
    key = stored_file(worker_app, workspace, 1)
    orphan = f"images/{workspace.id}/job_1/att_1/9.png"
    gone = "datasets/ws_gone/ds_1/ast_1.png"
    foreign = "somebody/elses.bin"
    for name in (orphan, assets.thumb_key(orphan, 160), gone, foreign):
        worker_app.storage.put_bytes(name, b"bytes", "image/png")
    assert run(worker_app, grace=timedelta(days=1), delete=True)["orphan_objects"].n == 0  # too young
    found = run(worker_app)
    assert (found["orphan_objects"].n, found["orphan_objects"].size_bytes, found["orphan_objects"].removed) == (2, 10, 0)
    assert found["objects_of_gone_workspaces"].examples == [gone]
    assert all(there(worker_app, name) for name in (key, orphan, gone, foreign))
    found = run(worker_app, delete=True)
    assert (found["orphan_objects"].removed, found["objects_of_gone_workspaces"].removed) == (2, 1)
    assert not any(there(worker_app, name) for name in (orphan, gone))
    assert all(there(worker_app, name) for name in (key, assets.thumb_key(key, 160), foreign))
    assert run(worker_app)["orphan_objects"].n == 0


def test_files_without_bytes_are_told_and_stay(worker_app: App, workspace: Tenant) -> None:
    key = stored_file(worker_app, workspace, 1)
    worker_app.storage.delete([key])
    for _ in range(2):
        assert run(worker_app, delete=True)["missing_files"].examples == [f"{workspace.id} {key}"]
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert tx.scalar(select(Asset.state)) == "stored"


def test_unfinished_uploads_are_found_and_given_up(worker_app: App, workspace: Tenant) -> None:
    storage = worker_app.storage
    storage.put_bytes("images/x/any", b"-", "text/plain")
    client, key = storage._ready_client(), f"incoming/{workspace.id}/up_1"
    upload_id = client._create_multipart_upload(worker_app.settings.storage.bucket, key, {})
    [upload] = [item for item in storage.unfinished() if item.key == key]
    assert upload.upload_id == upload_id
    assert run(worker_app, delete=True)["unfinished_uploads"].n == 0  # begun just now
    storage.give_up(upload)
    storage.give_up(upload)
    assert [item for item in storage.unfinished() if item.key == key] == []


def test_an_upload_in_flight_is_no_orphan(worker_app: App, workspace: Tenant, settings: Settings) -> None:
    """Files keep coming while everything without a row is removed, without any grace."""
    done, sent = threading.Event(), []

    def opened() -> AbstractContextManager[Session]:
        return worker_app.db.transaction(SystemCaller(workspace.id))

    def write() -> None:
        for n in range(60):
            with opened() as tx:
                announced = assets.uploads.announce(
                    tx, settings=settings, noun="gallery", noun_id="new", filename=f"{n}.png", size=3, client_key=str(n)
                )
            card = assets.uploads.receive(
                opened, worker_app.storage, settings=settings, upload_id=announced.id, chunks=iter([b"a", b"bc"])
            )
            sent.append(card.id)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    passes = 0
    while not done.is_set() and writer.is_alive():
        run(worker_app, delete=True)
        passes += 1
    writer.join()
    assert passes > 1
    with opened() as tx:
        keys = list(tx.scalars(select(Upload.key).where(Upload.id.in_(sent), Upload.state == "stored")))
    assert len(keys) == 60
    assert all(there(worker_app, key) for key in keys)


def test_terms_are_counted_without_removing(worker_app: App, workspace: Tenant) -> None:
    stored_file(worker_app, workspace, 1)
    found = run(worker_app)
    assert {"expired_trash", "old_jobs", "old_acts", "unused_renditions", "old_runs", "old_sessions"} <= set(found)
    assert [finding.removed for finding in found.values()] == [0] * len(found)


def test_the_command_prints_a_table_or_one_json_object(
    worker_app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    stored_file(worker_app, workspace, 1)
    monkeypatch.setattr(cleanup, "open_app", lambda settings: worker_app)
    assert cleanup.main([]) == 0
    assert "Nothing was removed." in capsys.readouterr().out
    assert cleanup.main(["--json", "--delete"]) == 0
    answer = json.load(io.StringIO(capsys.readouterr().out))
    assert answer["deleted"] is True
    assert {finding["n"] for finding in answer["findings"] if finding["name"].startswith("orphan")} == {0}


def test_without_a_studio_it_says_what_to_do(tmp_path: Any, settings: Settings) -> None:
    with pytest.raises(Unavailable, match="make run"):
        with_servers(settings.replace(STUDIO_DATA=str(tmp_path), WORKER_DATABASE_URL=""))
