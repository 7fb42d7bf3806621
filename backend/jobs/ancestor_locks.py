"""Locks a job together with its ancestors.

Always in the order of their ids (which sort by time, so parents come first), so that transactions that touch the same tree wait
for each other instead of deadlocking.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK_ANCESTRY = text(
    """SELECT id, state FROM jobs WHERE id IN (
      WITH RECURSIVE ancestry AS (
        SELECT id, parent_id FROM jobs WHERE id = :job_id
        UNION ALL SELECT j.id, j.parent_id FROM jobs j JOIN ancestry ON j.id = ancestry.parent_id)
      SELECT id FROM ancestry) ORDER BY id FOR UPDATE"""
)


def lock_ancestors(tx: Session, job_id: str) -> str | None:
    """Returns the job's state, or None when this transaction's workspace has no such job."""
    return {row.id: row.state for row in tx.execute(_LOCK_ANCESTRY, {"job_id": job_id})}.get(job_id)
