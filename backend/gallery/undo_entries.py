"""Undo entries: what was done to pictures and boards, with what was there before. They can be undone from any tab until they
are purged."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import PictureAct
from backend.gallery.schemas import UndoEntry
from backend.kit.ids import new_id


def record(tx: Session, kind: str, request_key: str, sentence: str, count: int, before: dict[str, Any]) -> UndoEntry:
    """Writes an undo entry. `sentence`: what was done; `before`: what undoing needs."""
    row = PictureAct(id=new_id("act"), kind=kind, request_key=request_key, said=sentence, count=count, before=before)
    row.created_by = tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    tx.refresh(row)
    noun, noun_id = _about(kind, before)
    undo.record_act(tx, row.id, f"{noun}.{kind}", noun_id, {"n": count, "to": before.get("to")}, has_event=kind == "delete")
    return card(row)


def _about(kind: str, before: dict[str, Any]) -> tuple[str, str]:
    """Noun and id of what an action changed; "" where those are several pictures."""
    if kind.startswith("board-"):
        return "board", before["board"]
    ids = before.get("ids") or []
    return "picture", ids[0] if len(ids) == 1 else ""


def find_by_key(tx: Session, request_key: str) -> UndoEntry | None:
    """The undo entry of the same request, if it was performed already. Takes a lock on the key until `tx` ends, so that a
    double click waits for the first one."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tx.info["tenant_id"] + request_key, 0))))
    row = tx.scalars(select(PictureAct).where(PictureAct.request_key == request_key)).one_or_none()
    return card(row) if row else None


def recent_actions(tx: Session, *, take: int = 10) -> list[UndoEntry]:
    """The caller's own latest entries, newest first."""
    own = select(PictureAct).where(PictureAct.created_by == tx.info.get("user_id")).order_by(PictureAct.id.desc())
    return [card(row) for row in tx.scalars(own.limit(take))]


def card(row: PictureAct) -> UndoEntry:
    return UndoEntry(row.id, row.kind, row.said, row.count, row.created_by, row.created_at, row.undone_at)
