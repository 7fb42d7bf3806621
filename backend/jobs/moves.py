"""A job's move from one state to another: one conditional UPDATE and its event, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, Text, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from backend.kit.ids import new_id
from backend.tables import MOVES, EventRow, Job, JobState


def move(
    tx: Session, job_id: str, source: JobState, target: JobState, *where: ColumnElement[bool], **values: Any
) -> RowMapping | None:
    """Moves the job if it is in `source` and `where` holds. None: it was not, and nothing was written.

    Works confined to a workspace and across them (dispatch). The row returned: id, tenant_id, queue, kind, parent_id.
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
    return tx.execute(select(moved).add_cte(event.cte("told"))).mappings().first()
