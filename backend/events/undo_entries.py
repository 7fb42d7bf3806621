"""Undo entries, whatever was changed: each is undone once, by the person who did it or an owner, until it is purged. What
undoing does is up to the slice that wrote the entry."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.db.tables import PictureAct, PlanAct
from backend.errors import Conflict, NotFound, NotPermitted
from backend.language import tr_lazy

EntryRow = TypeVar("EntryRow", PictureAct, PlanAct)


def mark_undone(tx: Session, table: type[EntryRow], entry_id: str, *, page: str) -> EntryRow:
    """Locks an entry, marks it as undone and returns its row. `page`: the one to load again after a conflict.

    Raises NotFound, Conflict (undone already), NotPermitted (somebody else's).
    """
    row = tx.get(table, entry_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This change is too old to be undone."))
    if row.undone_at:
        raise Conflict(tr_lazy("This was undone already. Load the page again ({page}).", page=page))
    if row.created_by != tx.info.get("user_id") and tx.info["role"] != "owner":
        raise NotPermitted(tr_lazy("Somebody else did this. They can undo it, or an owner can."))
    row.undone_at = tx.scalar(select(func.clock_timestamp()))
    tx.flush()
    return row


def purge_undo_entries(tx: Session, *, days: int) -> int:
    """Deletes entries older than `days`, which then cannot be undone any more. Returns how many."""
    age = func.make_interval(0, 0, 0, days)
    return sum(
        len(tx.execute(delete(table).where(table.created_at < func.clock_timestamp() - age).returning(table.id)).all())
        for table in (PictureAct, PlanAct)
    )
