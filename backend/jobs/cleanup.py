"""Deletes old job logs and steps, and old jobs that no other row refers to."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from backend.db.tables import FINAL, Generation, Job, JobLog, JobStep

_MAINTENANCE_HOURS = 24.0
_UNREFERRED = ("", "dataset", "style", "style-text")
"""Subjects whose rows do not refer to their job. Training runs and generations do, and pictures refer to the job that brought
them."""


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
