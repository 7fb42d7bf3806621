"""Puts right what nobody else does: takes back the jobs of attempts whose worker is dead or that do not stop, repairs instants
from before the clock was set back, deletes old jobs. Any number of processes may sweep at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, or_, select, text, update
from sqlalchemy.orm import Session

from backend.db.tables import FINAL, Device, Generation, Job, JobLog, JobState, JobStep, Worker
from backend.db.tables.message_column import message_json
from backend.db.transactions import notify_queue
from backend.errors import DiskFull, EngineUnavailable, Unavailable
from backend.jobs.attempts import AttemptRef, finish_attempt
from backend.jobs.job_type import JOB_TYPES
from backend.jobs.rules import worker_lost
from backend.jobs.transitions import lock_ancestors
from backend.language import tr_lazy
from backend.settings import Settings

_SUSPECTS = text(
    """SELECT a.id, a.job_id, CASE
        WHEN w.id IS NULL OR w.state = 'gone' OR w.seen_at < clock_timestamp() - make_interval(secs => :lease_s)
          OR w.seen_at > clock_timestamp() + make_interval(secs => :lease_s)
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
"""Running attempts and why they are to be taken back (null: they are not). A live worker stops late work itself, so deadlines
are enforced here one lease later. A worker seen in the future has not renewed its lease since the clock was set back."""

_LOCK_ATTEMPT = text("SELECT id FROM attempts WHERE id = :attempt_id AND ended_at IS NULL FOR UPDATE SKIP LOCKED")
"""A locked row is skipped: the attempt's own transaction holds it, so its worker is alive, or Postgres will soon end the frozen
session (see workers.main)."""
_REPAIRS = (
    # Delays keep their length, counted from the moment they were written as that clock had it.
    """UPDATE jobs j SET not_before = clock_timestamp() + (j.not_before - w.at)
      FROM (SELECT p.id, greatest(p.created_at, max(a.ended_at)) AS at FROM jobs p LEFT JOIN attempts a ON a.job_id = p.id
            WHERE p.state = 'pending' AND p.not_before > clock_timestamp() + make_interval(secs => :lease_s)
            GROUP BY p.id, p.created_at) w
      WHERE j.id = w.id AND j.state = 'pending' AND w.at > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE posts SET not_before = clock_timestamp() + greatest(not_before - updated_at, interval '0'),
        submitted_at = least(submitted_at, clock_timestamp()), updated_at = clock_timestamp()
      WHERE state IN ('scheduled', 'publishing') AND updated_at > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE attempts SET started_at = least(started_at, clock_timestamp()), progressed_at = clock_timestamp()
      WHERE ended_at IS NULL AND greatest(started_at, progressed_at) > clock_timestamp() + make_interval(secs => :lease_s)""",
    """UPDATE devices SET seen_at = least(seen_at, clock_timestamp()), probe_at = clock_timestamp()
      WHERE greatest(seen_at, probe_at) > clock_timestamp() + make_interval(secs => :lease_s + :probe_s)""",
    """UPDATE schedules SET next_at = clock_timestamp() + make_interval(secs => every_s)
      WHERE next_at > clock_timestamp() + make_interval(secs => every_s + :lease_s)""",
    "UPDATE turns SET served_at = clock_timestamp() WHERE served_at > clock_timestamp() + make_interval(secs => :lease_s)",
)
_MAINTENANCE_HOURS = 24.0
_UNREFERRED = ("", "dataset", "style", "style-text")
"""Subjects whose rows do not refer to their job. Training runs and generations do, and pictures refer to the job that brought
them."""


def suspects(tx: Session, settings: Settings, attempt_id: str | None = None) -> list[Row[Any]]:
    """Attempts to take back, or only `attempt_id` if it is one: id, job_id, why. `tx` is a dispatch transaction."""
    values = {
        "lease_s": settings.jobs.lease_s,
        "kinds": list(JOB_TYPES),
        "deadlines": [spec.deadline_s(settings) for spec in JOB_TYPES.values()],
        "stalls": [spec.stalled_after_s(settings) for spec in JOB_TYPES.values()],
        "attempt_id": attempt_id,
    }
    return [row for row in tx.execute(_SUSPECTS, values) if row.why]


def reclaim(tx: Session, settings: Settings, attempt_id: str, job_id: str) -> str | None:
    """Ends one suspect if it still is one, and returns why, else None. Its job goes back to pending, or fails as a dead
    letter."""
    lock_ancestors(tx, job_id)
    if tx.scalar(_LOCK_ATTEMPT, {"attempt_id": attempt_id}) is None:
        return None
    confirmed = suspects(tx, settings, attempt_id)
    if not confirmed:
        return None
    job = tx.execute(
        text("SELECT j.parent_id, a.device_id FROM jobs j JOIN attempts a ON a.id = :a WHERE j.id = :j"),
        {"a": attempt_id, "j": job_id},
    ).one()
    why = str(confirmed[0].why)
    outcome = worker_lost(detail=why, within_s=settings.jobs.deaths_within_s)
    finish_attempt(tx, AttemptRef(job_id, attempt_id, job.parent_id, job.device_id), outcome)
    line = tr_lazy("Taken back: {why}.", why=why)
    statement = (
        "INSERT INTO job_logs (tenant_id, job_id, attempt_id, level, line, words) "
        "SELECT tenant_id, id, :a, 'error', :line, CAST(:words AS jsonb) FROM jobs WHERE id = :j"
    )
    tx.execute(text(statement), {"a": attempt_id, "j": job_id, "line": str(line), "words": message_json(line)})
    return why


def clean_up(tx: Session, settings: Settings) -> None:
    """Marks workers whose lease has ended as gone, deletes workers and devices not seen for a day, and frees devices that no
    running attempt holds."""
    lease, now = func.make_interval(0, 0, 0, 0, 0, 0, settings.jobs.lease_s), func.clock_timestamp()
    silent = or_(Worker.seen_at < now - lease, Worker.seen_at > now + lease)
    gone = {"state": "gone", "seen_at": func.least(Worker.seen_at, now)}
    tx.execute(update(Worker).where(Worker.state != "gone", silent).values(**gone))
    tx.execute(delete(Worker).where(Worker.seen_at < func.clock_timestamp() - text("interval '1 day'")))
    tx.execute(delete(Device).where(Device.seen_at < func.clock_timestamp() - text("interval '1 day'")))
    held = text("held_by IS NOT NULL AND NOT EXISTS (SELECT FROM attempts a WHERE a.id = held_by AND a.ended_at IS NULL)")
    tx.execute(update(Device).where(held).values(held_by=None))


def mark_dead_processes(tx: Session, settings: Settings, *, host: str, pid_exists: Callable[[int], bool]) -> list[str]:
    """Marks workers of `host` whose process is gone, so that their jobs need not wait for the lease. Returns their ids.

    Workers with a heartbeat in the last three intervals are left alone: a container may have the same host name and see other
    processes.
    """
    three_beats, now = func.make_interval(0, 0, 0, 0, 0, 0, 3 * settings.jobs.heartbeat_s), func.clock_timestamp()
    quiet = or_(Worker.seen_at < now - three_beats, Worker.seen_at > now + three_beats)
    rows = tx.execute(select(Worker.id, Worker.pid).where(Worker.host == host, Worker.state != "gone", quiet)).all()
    gone = [worker_id for worker_id, pid in rows if not pid_exists(pid)]
    tx.execute(update(Worker).where(Worker.id.in_(gone), quiet).values(state="gone", seen_at=func.least(Worker.seen_at, now)))
    return gone


def resume_engine_jobs(tx: Session) -> None:
    """Lets jobs that wait for an engine be claimed now, because one answers again. `tx` is a dispatch transaction."""
    delayed = Job.not_before > func.clock_timestamp()
    tx.execute(update(Job).where(*_waits_for_an_engine(), delayed).values(not_before=func.clock_timestamp()))
    for queue in sorted(_device_queues()):
        notify_queue(tx, queue)


def storage_jobs_wait(tx: Session) -> bool:
    """Whether a job waits because storage or database did not answer or the disk was full. `tx` is a dispatch transaction."""
    return bool(tx.scalar(select(Job.id).where(*_waits_for_storage()).limit(1)))


def resume_storage_jobs(tx: Session) -> int:
    """Lets jobs that wait for storage be claimed now, because it works again. Returns how many."""
    rows = tx.execute(
        update(Job).where(*_waits_for_storage()).values(not_before=func.clock_timestamp()).returning(Job.queue)
    ).all()
    for queue in {row.queue for row in rows}:
        notify_queue(tx, queue)
    return len(rows)


def _waits_for_storage() -> tuple[ColumnElement[bool], ...]:
    codes = (Unavailable.code, DiskFull.code)
    return Job.state == JobState.PENDING, Job.error_code.in_(codes), Job.not_before > func.clock_timestamp()


def replace_wait_reason(tx: Session, old: str, new: str) -> None:
    """Changes the error message of jobs that wait for an engine which is still down, for another reason than `old`.

    `tx` is a dispatch transaction.
    """
    same_reason = Job.error_message["text"].astext == old
    tx.execute(update(Job).where(*_waits_for_an_engine(), same_reason).values(error_message=new))


def _device_queues() -> set[str]:
    return {spec.queue for spec in JOB_TYPES.values() if spec.device}


def _waits_for_an_engine() -> tuple[ColumnElement[bool], ...]:
    return Job.state == JobState.PENDING, Job.queue.in_(_device_queues()), Job.error_code == EngineUnavailable.code


def repair_future_instants(tx: Session, settings: Settings) -> int:
    """Returns how many rows were repaired. `tx` is a dispatch transaction. Changes nothing while the clock is right."""
    values = {"lease_s": settings.jobs.lease_s, "probe_s": settings.workers.device_probe_s}
    return sum(tx.execute(text(statement), values).rowcount for statement in _REPAIRS)  # type: ignore[attr-defined]


def purge_old(tx: Session, *, hours: float) -> int:
    """Deletes jobs that ended more than `hours` ago (maintenance jobs: a day ago); of jobs that other rows refer to, only
    logs and steps. Returns how many jobs were deleted."""
    ended = Job.state.in_(FINAL), _ended_before(hours)
    for table in (JobLog, JobStep):
        tx.execute(delete(table).where(table.job_id.in_(select(Job.id).where(*ended))))
    maintenance = (Job.kind == "upkeep") & _ended_before(_MAINTENANCE_HOURS)
    parent = Job.id.in_(select(Job.parent_id).where(Job.parent_id.is_not(None)))
    unreferenced = Job.subject_noun.in_(_UNREFERRED), ~parent, ~exists().where(Generation.job_id == Job.id)
    old_jobs = delete(Job).where(Job.state.in_(FINAL), *unreferenced, _ended_before(hours) | maintenance)
    return len(tx.execute(old_jobs.returning(Job.id).execution_options(synchronize_session=False)).all())


def _ended_before(hours: float) -> ColumnElement[bool]:
    return Job.finished_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600.0)
