"""Backups for operators: what they are warned of, and asking for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend import backups
from backend.app import App
from backend.backups.phases import phase_of
from backend.db.tables import Backup, BackupStatus, EventRow
from backend.kit.clock import now
from backend.language import Reader, reading, worded
from tests.factories.account import Tenant
from tests.support.browsing import browser


def with_target(app: App) -> App:
    return replace(app, settings=app.settings.replace(BACKUP_TARGET="/mnt/disk"))


def report_status(app: App, workspace: Tenant, **values: Any) -> None:
    with app.db.transaction(workspace.caller) as tx:
        tx.add(BackupStatus(id="installation", target="/mnt/disk", method="physical", **values))


def test_an_operator_is_told_what_to_do(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        nothing = backups.overview(tx, app.settings)
        assert (nothing.target, nothing.warnings, nothing.last) == ("", (), None)
        assert backups.overview(tx, with_target(app).settings).warnings == ("not_running", "never_drilled")
    figures = {"at": now().isoformat(), "rpo_s": 75.0, "rto_s": 12.0, "rows": 29, "objects": 16}
    report_status(app, workspace, log_since=now() - timedelta(minutes=30), log_bytes=5, key_is_here=True, drill=figures)
    with app.db.transaction(workspace.caller) as tx:
        tx.add(Backup(id="b1", kind="full", state="complete", finished_at=now() - timedelta(hours=30), size_bytes=7))
        tx.flush()
        behind = backups.overview(tx, app.settings)
    assert behind.warnings == ("overdue", "log_behind", "key_here")
    assert (behind.alive, behind.log_minutes, behind.total_bytes, behind.drill and behind.drill.rows) == (True, 30, 7, 29)


def test_a_backup_is_asked_for_once_and_by_operators_alone(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with browser(app, other_workspace.owner) as client:
        client.headers["x-workspace"] = other_workspace.id
        assert [client.get("/system/backups").status_code, client.post("/system/backups").status_code] == [403, 403]
    with browser(app, workspace.owner) as client:
        client.headers["x-workspace"] = workspace.id
        refused = client.post("/system/backups")
        assert (refused.status_code, "BACKUP_TARGET" in refused.text) == (409, True)
        report_status(app, workspace)
        first, second = client.post("/system/backups").json(), client.post("/system/backups").json()
        assert (first["id"], first["state"]) == (second["id"], "requested")
        assert client.get("/system/backups").json()["running"]["id"] == first["id"]
        with app.db.transaction(workspace.caller) as tx:
            assert tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "backup.requested")).all() == [first["id"]]
            tx.execute(update(BackupStatus).values(seen_at=now() - timedelta(minutes=5)))
            tx.execute(update(Backup).values(state="failed"))
        assert client.post("/system/backups").status_code == 409, "nobody would make it"


@pytest.mark.parametrize(
    ("line", "worded_line"),
    [
        ("Copying the database (full)", "Copia del database (completa)"),
        ("1 files copied", "1 file copiato"),
        ("1200 files copied", "1.200 file copiati"),
        ("Something of a later version", "Something of a later version"),
    ],
)
def test_what_a_backup_does_is_worded(line: str, worded_line: str) -> None:
    with reading(Reader("it")):
        assert worded(phase_of(line)) == worded_line
