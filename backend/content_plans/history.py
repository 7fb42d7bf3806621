"""What was done to dates lately, with what was there before: taken back by anybody who may, in any tab."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.content_plans.schemas import UndoEntry
from backend.db.tables import PlanAct
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.ids import new_id


def record(tx: Session, kind: str, said: str, count: int, before: dict[str, Any], note: str = "") -> UndoEntry:
    row = PlanAct(id=new_id("act"), kind=kind, said=said, count=count, before=before, created_by=tx.info.get("user_id"))
    tx.add(row)
    tx.flush()
    return UndoEntry(row.id, kind, said, count, note)


def claim(tx: Session, act_id: str) -> PlanAct:
    """Marks it undone, once. Raises NotFound, Conflict, NotPermitted (another person's)."""
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


def latest(tx: Session) -> UndoEntry | None:
    """The caller's own last change that was not undone."""
    mine = select(PlanAct).where(PlanAct.created_by == tx.info.get("user_id"), PlanAct.undone_at.is_(None))
    row = tx.scalars(mine.order_by(PlanAct.id.desc()).limit(1)).first()
    return UndoEntry(row.id, row.kind, row.said, row.count) if row else None


def forget(tx: Session, *, days: int) -> int:
    """Changes older than this can no longer be undone. Returns how many there were."""
    old = PlanAct.created_at < func.clock_timestamp() - func.make_interval(0, 0, 0, days)
    return len(tx.execute(delete(PlanAct).where(old).returning(PlanAct.id)).all())
