"""Moves jobs from one state to another: a conditional UPDATE and its event in one statement, in the caller's transaction.

A job is locked together with its ancestors, always in the order of their ids (which sort by time, so parents come first), so
that transactions that touch the same tree wait for each other instead of deadlocking.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, Text, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from backend.db.tables import MOVES, EventRow, Job, JobState
from backend.kit.ids import new_id

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


def move(
    tx: Session, job_id: str, source: JobState, target: JobState, *where: ColumnElement[bool], **values: Any
) -> RowMapping | None:
    """Moves the job if it is in `source` and `where` holds; otherwise writes nothing and returns None.

    `values`: columns to set with it. Works in a workspace's transaction and in a dispatch transaction. The row returned has id,
    tenant_id, queue, kind, parent_id.
    """
    assert target in MOVES[source], f"{source} -> {target} is not a move"
    moved = (
        update(Job)
        .where(Job.id == job_id, Job.state == source, *where)
        .values(state=target, **values)
        .returning(Job.id, Job.tenant_id, Job.queue, Job.kind, Job.parent_id)
        .cte("moved")
    )
    data: dict[str, Any] = {"from": source.value}
    if values.get("error_code"):
        data["error_code"] = values["error_code"]
    event = insert(EventRow).from_select(
        ["id", "tenant_id", "kind", "noun", "noun_id", "data", "user_id"],
        select(
            literal(new_id("evt")),
            moved.c.tenant_id,
            literal(f"job.{target.value}"),
            literal("job"),
            moved.c.id,
            literal(data, JSONB),
            literal(tx.info.get("user_id"), Text),
        ),
    )
    return tx.execute(select(moved).add_cte(event.cte("event"))).mappings().first()
