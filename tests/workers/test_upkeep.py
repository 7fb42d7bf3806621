"""Upkeep as a worker runs it: old things go, what is referred to stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text, update

from backend import jobs
from backend.app import App
from backend.db.tables import Generation, Job, JobLog, SessionRow
from tests.factories.account import Tenant, make_person
from tests.factories.making import make_dataset, make_pictures
from tests.support.context import make_context
from workers import maintenance

MONTHS_AGO = text("clock_timestamp() - interval '31 days'")
YESTERDAY = text("clock_timestamp() - interval '25 hours'")


def test_old_things_go_and_what_is_referred_to_stays(worker_app: App, workspace: Tenant) -> None:
    with worker_app.db.transaction(workspace.caller) as tx:
        make_dataset(tx)
        make_pictures(tx, 2)
        job = tx.scalars(select(Job)).one()
        job.subject_noun, job.subject_id = "generation", "gen_1"
        for n, kind in enumerate(("dataset-ingest", "dataset-ingest", "upkeep", "upkeep")):
            subject = ("dataset", "ds_1") if kind == "dataset-ingest" else ("", "")
            jobs.enqueue(
                tx,
                kind=kind,
                payload=maintenance.MaintenancePayload(),
                title=f"{kind} {n}",
                request_key=f"{n}",
                subject=subject,
            )
        tx.add(JobLog(job_id=job.id, line="drawn"))
        tx.flush()
        tx.execute(
            update(Job)
            .where(Job.title["text"].astext.in_(["x", "dataset-ingest 0"]))
            .values(state="completed", finished_at=MONTHS_AGO)
        )
        tx.execute(
            update(Job)
            .where(Job.title["text"].astext.in_(["dataset-ingest 1", "upkeep 2"]))
            .values(state="failed", finished_at=YESTERDAY)
        )
        tx.execute(
            update(Job)
            .where(Job.title["text"].astext == "upkeep 3")
            .values(state="completed", finished_at=func.clock_timestamp())
        )
    former_member = make_person(worker_app.db, workspace.id, "viewer")
    with worker_app.db.transaction(workspace.caller) as tx:
        tx.execute(update(SessionRow).where(SessionRow.user_id == former_member.id).values(revoked_at=YESTERDAY))
    ctx = make_context(worker_app, workspace, "upkeep", maintenance.MaintenancePayload())
    result = maintenance.run(ctx, maintenance.MaintenancePayload())
    assert (result["jobs_forgotten"], result["sessions_forgotten"], result["files_removed"]) == (2, 1, 0)
    with worker_app.db.transaction(workspace.caller) as tx:
        remaining = set(tx.scalars(select(Job.title).where(Job.state != "processing")))
        assert remaining == {"x", "dataset-ingest 1", "upkeep 3"}
        assert not tx.scalars(select(JobLog)).all()


def test_the_storage_is_listed_once_a_day_and_only_reported(worker_app: App, workspace: Tenant) -> None:
    key = f"loras/{workspace.id}/lora_1/stray.bin"
    worker_app.storage.put_bytes(key, b"x", "application/octet-stream")

    def tidied() -> dict[str, Any]:
        ctx = make_context(worker_app, workspace, "upkeep", maintenance.MaintenancePayload())
        result = maintenance.run(ctx, maintenance.MaintenancePayload())
        reported.extend(line for _, line in ctx.take_report().lines)
        with worker_app.db.transaction(workspace.caller) as tx:
            ended = {"state": "completed", "result": result, "finished_at": func.clock_timestamp()}
            tx.execute(update(Job).where(Job.id == ctx.job_id).values(**ended))
        return result

    reported: list[str] = []
    assert tidied()["stray_files"] == 1
    assert "stray_files" not in tidied()
    assert [key in line for line in reported] == [True]
    with worker_app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Job).values(finished_at=text("clock_timestamp() - interval '23.5 hours'")))
    assert tidied()["stray_files"] == 1
    assert worker_app.storage.read(key) == b"x"


def test_the_job_that_brought_pictures_in_stays_with_them(worker_app: App, workspace: Tenant) -> None:
    """It has no subject, and their rows refer to it."""
    with worker_app.db.transaction(workspace.caller) as tx:
        make_pictures(tx, 1)
        job = tx.scalars(select(Job)).one()
        job.kind, job.subject_noun, job.subject_id = "picture-import", "", ""
        job.state, job.finished_at = "completed", func.clock_timestamp() - text("interval '31 days'")
    ctx = make_context(worker_app, workspace, "upkeep", maintenance.MaintenancePayload())
    assert maintenance.run(ctx, maintenance.MaintenancePayload())["jobs_forgotten"] == 0
    with worker_app.db.transaction(workspace.caller) as tx:
        assert tx.scalars(select(Generation.job_id)).one() == job.id
