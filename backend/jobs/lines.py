"""Locks a job together with its ancestors, eldest first, so that whoever touches a family waits instead of deadlocking."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_LINE = text(
    """SELECT id, state FROM jobs WHERE id IN (
      WITH RECURSIVE line AS (
        SELECT id, parent_id FROM jobs WHERE id = :job_id
        UNION ALL SELECT j.id, j.parent_id FROM jobs j JOIN line ON j.id = line.parent_id)
      SELECT id FROM line) ORDER BY id FOR UPDATE"""
)


def lock_line(tx: Session, job_id: str) -> str | None:
    """The job's state, or None when there is no such job here."""
    return {row.id: row.state for row in tx.execute(_LINE, {"job_id": job_id})}.get(job_id)
