"""Finds attempts that nobody works on any more and gives their jobs back. Any number of processes may sweep at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, text, update
from sqlalchemy.orm import Session

from backend.errors import EngineUnavailable
from backend.jobs.kinds import KINDS
from backend.jobs.lines import lock_line
from backend.jobs.rules import lost
from backend.jobs.settle import AttemptRef, settle
from backend.kit.db import ring
from backend.settings import Settings
from backend.tables import Device, Job, JobState, Worker

_SUSPECTS = text(
    """SELECT a.id, a.job_id, CASE
        WHEN w.id IS NULL OR w.state = 'gone' OR w.seen_at < clock_timestamp() - make_interval(secs => :lease_s)
          THEN 'its worker stopped answering'
        WHEN a.started_at < clock_timestamp() - make_interval(secs => l.deadline_s + :lease_s)
          THEN 'it passed its deadline and did not stop'
        WHEN a.progressed_at < clock_timestamp() - make_interval(secs => l.stall_s + :lease_s)
          THEN 'nothing moved and it did not stop' END AS why
    FROM attempts a JOIN jobs j ON j.id = a.job_id LEFT JOIN workers w ON w.id = a.worker_id
    LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:deadlines AS float8[]), CAST(:stalls AS float8[]))
      AS l(kind, deadline_s, stall_s) ON l.kind = j.kind
    WHERE a.ended_at IS NULL AND (CAST(:attempt_id AS text) IS NULL OR a.id = :attempt_id)"""
)
"""A live worker stops late work itself; `lease_s` later it is taken from it."""

_HOLD = text("SELECT id FROM attempts WHERE id = :attempt_id AND ended_at IS NULL FOR UPDATE SKIP LOCKED")
"""Skipped: its owner is writing right now, so it is not dead, or Postgres will soon end that session."""


def suspects(tx: Session, settings: Settings, attempt_id: str | None = None) -> list[Row[Any]]:
    """Attempts to take away: id, job_id, why. `tx` is a dispatch transaction."""
    values = {
        "lease_s": settings.job_lease_s,
        "kinds": list(KINDS),
        "deadlines": [spec.deadline_s(settings) for spec in KINDS.values()],
        "stalls": [spec.stalled_after_s(settings) for spec in KINDS.values()],
        "attempt_id": attempt_id,
    }
    return [row for row in tx.execute(_SUSPECTS, values) if row.why]


def take_back(tx: Session, settings: Settings, attempt_id: str, job_id: str) -> str | None:
    """Ends one suspect if it still is one, and returns why; its job goes back to pending, or is a dead letter."""
    lock_line(tx, job_id)
    if tx.scalar(_HOLD, {"attempt_id": attempt_id}) is None:
        return None
    still = suspects(tx, settings, attempt_id)
    if not still:
        return None
    job = tx.execute(
        text("SELECT j.parent_id, j.kills, a.device_id FROM jobs j JOIN attempts a ON a.id = :a WHERE j.id = :j"),
        {"a": attempt_id, "j": job_id},
    ).one()
    why = str(still[0].why)
    settle(tx, AttemptRef(job_id, attempt_id, job.parent_id, job.device_id), lost(kills=job.kills, detail=why))
    note = "INSERT INTO job_logs (tenant_id, job_id, attempt_id, level, line) SELECT tenant_id, id, :a, 'error', :line"
    tx.execute(text(f"{note} FROM jobs WHERE id = :j"), {"a": attempt_id, "j": job_id, "line": f"Taken back: {why}."})
    return why


def tidy(tx: Session, settings: Settings) -> None:
    """Marks silent workers, forgets those of yesterday, frees cards that no running attempt holds."""
    silent = func.make_interval(0, 0, 0, 0, 0, 0, settings.job_lease_s)
    tx.execute(
        update(Worker).where(Worker.state != "gone", Worker.seen_at < func.clock_timestamp() - silent).values(state="gone")
    )
    tx.execute(delete(Worker).where(Worker.seen_at < func.clock_timestamp() - text("interval '1 day'")))
    tx.execute(delete(Device).where(Device.seen_at < func.clock_timestamp() - text("interval '1 day'")))
    held = text("held_by IS NOT NULL AND NOT EXISTS (SELECT FROM attempts a WHERE a.id = held_by AND a.ended_at IS NULL)")
    tx.execute(update(Device).where(held).values(held_by=None))


def hasten(tx: Session) -> None:
    """An engine of a card answers again: what was put off because it did not goes on now. `tx` is a dispatch transaction."""
    late = Job.not_before > func.clock_timestamp()
    tx.execute(update(Job).where(*_waits_for_an_engine(), late).values(not_before=func.clock_timestamp()))
    for queue in sorted(_card_queues()):
        ring(tx, queue)


def retell(tx: Session, before: str, words: str) -> None:
    """An engine is still away, for another reason than `before`: what waits for it says so. `tx` is a dispatch transaction."""
    told = Job.error_message == before
    tx.execute(update(Job).where(*_waits_for_an_engine(), told).values(error_message=words))


def _card_queues() -> set[str]:
    return {spec.queue for spec in KINDS.values() if spec.device}


def _waits_for_an_engine() -> tuple[ColumnElement[bool], ...]:
    return Job.state == JobState.PENDING, Job.queue.in_(_card_queues()), Job.error_code == EngineUnavailable.code
