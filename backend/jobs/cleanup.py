"""Forgetting what nobody will look at again: old logs, and jobs that no other row refers to."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from backend.tables import FINAL, Generation, Job, JobLog, JobStep

_CHORE_HOURS = 24.0
_UNREFERRED = ("", "dataset", "style", "style-text")
"""Subjects whose rows do not refer to their job: runs and generations keep theirs, and pictures the job that brought them."""


def forget_old(tx: Session, *, hours: float) -> int:
    """Jobs that ended `hours` ago (chores: a day ago); of those referred to, only log and steps. Returns the jobs' number."""
    ended = Job.state.in_(FINAL), _older(hours)
    for table in (JobLog, JobStep):
        tx.execute(delete(table).where(table.job_id.in_(select(Job.id).where(*ended))))
    chore = (Job.kind == "upkeep") & _older(_CHORE_HOURS)
    parent = Job.id.in_(select(Job.parent_id).where(Job.parent_id.is_not(None)))
    alone = Job.subject_noun.in_(_UNREFERRED), ~parent, ~exists().where(Generation.job_id == Job.id)
    gone = delete(Job).where(Job.state.in_(FINAL), *alone, _older(hours) | chore)
    return len(tx.execute(gone.returning(Job.id).execution_options(synchronize_session=False)).all())


def _older(hours: float) -> ColumnElement[bool]:
    return Job.finished_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600.0)
