"""Undo entries: recent changes of plans with what was there before. Stored, so that undo works in any tab."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.content_plans.schemas import PlanUndoEntry
from backend.db.tables import PlanAct
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.ids import new_id


def record(tx: Session, kind: str, sentence: str, count: int, before: dict[str, Any], note: str = "") -> PlanUndoEntry:
    row = PlanAct(id=new_id("act"), kind=kind, said=sentence, count=count, before=before, created_by=tx.info.get("user_id"))
    tx.add(row)
    tx.flush()
    return PlanUndoEntry(row.id, kind, sentence, count, note)


def mark_undone(tx: Session, act_id: str) -> PlanAct:
    """Marks an entry undone and returns its row. Raises NotFound, Conflict (undone already), NotPermitted (somebody else's)."""
    row = tx.get(PlanAct, act_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("This change is not remembered any more, so it cannot be undone.")
    if row.undone_at:
        raise Conflict("This was undone already. Load the calendar again.")
    if row.created_by != tx.info.get("user_id") and tx.info["role"] != "owner":
        raise NotPermitted("Somebody else did this. They can undo it, or an owner can.")
    row.undone_at = tx.scalar(select(func.clock_timestamp()))
    tx.flush()
    return row


def latest_undo_entry(tx: Session) -> PlanUndoEntry | None:
    """The caller's own newest entry that was not undone."""
    own = select(PlanAct).where(PlanAct.created_by == tx.info.get("user_id"), PlanAct.undone_at.is_(None))
    row = tx.scalars(own.order_by(PlanAct.id.desc()).limit(1)).first()
    return PlanUndoEntry(row.id, row.kind, row.said, row.count) if row else None


def delete_old_undo_entries(tx: Session, *, days: int) -> int:
    """Deletes entries older than `days`, which then cannot be undone any more. Returns how many."""
    old = PlanAct.created_at < func.clock_timestamp() - func.make_interval(0, 0, 0, days)
    return len(tx.execute(delete(PlanAct).where(old).returning(PlanAct.id)).all())
