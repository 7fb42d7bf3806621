"""What was done lately, written down with what was there before: any tab can take it back, tomorrow too."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.boards.schemas import ActCard
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.ids import new_id
from backend.tables import PictureAct


def record(tx: Session, kind: str, request_key: str, said: str, count: int, before: dict[str, Any]) -> ActCard:
    row = PictureAct(id=new_id("act"), kind=kind, request_key=request_key, said=said, count=count, before=before)
    row.created_by = tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    tx.refresh(row)
    return card(row)


def first(tx: Session, request_key: str) -> ActCard | None:
    """What this click did already. A second one waits here for the first."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tx.info["tenant_id"] + request_key, 0))))
    row = tx.scalars(select(PictureAct).where(PictureAct.request_key == request_key)).one_or_none()
    return card(row) if row else None


def claim(tx: Session, act_id: str) -> PictureAct:
    """Marks it undone, once. Raises NotFound, Conflict, NotPermitted (another person's)."""
    row = tx.get(PictureAct, act_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("This act is not remembered any more, so it cannot be undone.")
    if row.undone_at:
        raise Conflict("This was undone already. Load the gallery again.")
    if row.created_by != tx.info.get("user_id") and tx.info["role"] != "owner":
        raise NotPermitted("Somebody else did this. They can undo it, or an owner can.")
    row.undone_at = tx.scalar(select(func.clock_timestamp()))
    tx.flush()
    return row


def lately(tx: Session, *, take: int = 10) -> list[ActCard]:
    """The caller's own last acts, newest first."""
    mine = select(PictureAct).where(PictureAct.created_by == tx.info.get("user_id")).order_by(PictureAct.id.desc())
    return [card(row) for row in tx.scalars(mine.limit(take))]


def forget(tx: Session, *, days: int) -> int:
    """Acts older than this can no longer be undone. Returns how many there were."""
    old = PictureAct.created_at < func.clock_timestamp() - func.make_interval(0, 0, 0, days)
    return len(tx.execute(delete(PictureAct).where(old).returning(PictureAct.id)).all())


def card(row: PictureAct) -> ActCard:
    return ActCard(row.id, row.kind, row.said, row.count, row.created_by, row.created_at, row.undone_at)
