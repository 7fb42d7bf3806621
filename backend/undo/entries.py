"""Undoes an entry: once, by the person who did it, while what was changed is as they left it, until it is forgotten."""

from __future__ import annotations

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from backend.db.tables import PictureAct, PlanAct, UndoRow
from backend.db.transactions import RANK, Role
from backend.errors import Conflict, NotFound, NotPermitted
from backend.language import tr_lazy
from backend.undo import registry

_GONE = tr_lazy("This change is too old to be undone.")
_CHANGED = tr_lazy("This was changed again since, so it stays as it is now.")


def needed_role(tx: Session, entry_id: str) -> Role:
    """The role that undoing takes. Raises NotFound (no own entry)."""
    row = _own(tx, entry_id, lock=False)
    return "editor" if registry.act(row.verb) else registry.part(row.verb).needs


def undo(tx: Session, entry_id: str) -> None:
    """Brings back what was there before. A second time changes nothing.

    Raises NotFound (no own entry), Conflict (changed again since), NotPermitted (the role is not enough any more), and what the
    verb that sets the old values raises.
    """
    row = _own(tx, entry_id, lock=True)
    if row.undone_at:
        return
    if take_back := registry.act(row.verb):
        take_back(tx, entry_id)
        return
    part = registry.part(row.verb)
    if RANK[tx.info["role"]] < RANK[part.needs]:
        raise NotPermitted(tr_lazy("You may not change this any more. Ask an owner of this workspace."))
    if part.read(tx, row.noun_id) != row.after:
        raise Conflict(_CHANGED)
    _set(tx, part, row)
    tx.execute(update(UndoRow).where(UndoRow.id == entry_id).values(undone_at=func.clock_timestamp()))


def _set(tx: Session, part: registry.Part, row: UndoRow) -> None:
    if row.before is None:
        if part.remove is None:
            raise Conflict(tr_lazy("What was made here stays. Delete it by hand if nobody needs it."))
        part.remove(tx, row.noun_id)
    elif row.after is None:
        if part.create is None:
            raise Conflict(tr_lazy("What was deleted here cannot be brought back."))
        part.create(tx, row.noun_id, row.before)
    else:
        part.write(tx, row.noun_id, row.before)


def _own(tx: Session, entry_id: str, *, lock: bool) -> UndoRow:
    row = tx.get(UndoRow, entry_id, with_for_update=lock or None, populate_existing=True)
    if row is None or row.created_by != tx.info.get("user_id"):
        raise NotFound(_GONE)
    return row


def purge(tx: Session, *, days: int) -> int:
    """Forgets what was done more than `days` ago, which then cannot be undone any more. Returns how many acts on pictures and
    plans."""
    age = func.make_interval(0, 0, 0, days)
    tx.execute(delete(UndoRow).where(UndoRow.created_at < func.clock_timestamp() - age))
    return sum(
        len(tx.execute(delete(table).where(table.created_at < func.clock_timestamp() - age).returning(table.id)).all())
        for table in (PictureAct, PlanAct)
    )
