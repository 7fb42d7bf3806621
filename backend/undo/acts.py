"""Acts: changes of many pictures or plans at once, whose rows say what was there before. Their slices take them back; here
stands who may, and that it happens once."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import PictureAct, PlanAct, UndoRow
from backend.errors import Conflict, NotFound, NotPermitted
from backend.language import tr_lazy

ActRow = TypeVar("ActRow", PictureAct, PlanAct)


def record_act(tx: Session, act_id: str, verb: str, noun_id: str, values: dict[str, Any], *, has_event: bool) -> None:
    """Notes an act in the history of whoever did it. `verb`: `picture.rate`; `noun_id`: what it was about; `values`: what its
    sentence says. `has_event`: whether the last event of `tx` tells it already."""
    if not tx.info.get("user_id") or tx.info.get("job_id"):
        return
    row = UndoRow(id=act_id, verb=verb, noun_id=noun_id, before=None, after=values)
    row.event_id, row.created_by = tx.info.get("last_event_id") if has_event else None, tx.info["user_id"]
    tx.add(row)
    tx.flush()
    events.record_change(tx, act_id, verb, noun_id, before=None, after=values, event_id=row.event_id)


def mark_undone(tx: Session, table: type[ActRow], act_id: str, *, page: str) -> ActRow:
    """Locks an act, marks it as undone and returns its row. `page`: the one to load again after a conflict.

    Raises NotFound, Conflict (undone already), NotPermitted (somebody else's).
    """
    row = tx.get(table, act_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This change is too old to be undone."))
    if row.undone_at:
        raise Conflict(tr_lazy("This was undone already. Load the page again ({page}).", page=page))
    if row.created_by != tx.info.get("user_id") and tx.info["role"] != "owner":
        raise NotPermitted(tr_lazy("Somebody else did this. They can undo it, or an owner can."))
    row.undone_at = tx.scalar(func.clock_timestamp().select())
    tx.execute(update(UndoRow).where(UndoRow.id == act_id).values(undone_at=row.undone_at))
    tx.flush()
    return row
