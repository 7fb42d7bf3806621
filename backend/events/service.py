"""Writes events and reads them back by noun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.kit.ids import new_id
from backend.tables import EventRow


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind`: `job.completed`, `dataset.ready`, …; `user_id` None: the studio itself."""

    id: str
    kind: str
    noun: str
    noun_id: str
    data: dict[str, Any]
    user_id: str | None
    created_at: datetime


def record(tx: Session, kind: str, noun: str, noun_id: str, data: Mapping[str, Any] | None = None) -> None:
    """Adds an event to the workspace that `tx` is confined to."""
    row = {"id": new_id("evt"), "kind": kind, "noun": noun, "noun_id": noun_id, "data": dict(data or {})}
    tx.execute(insert(EventRow).values(**row, user_id=tx.info.get("user_id")))


def of(tx: Session, noun: str, noun_id: str, *, take: int = 100) -> list[Happening]:
    """The latest events of one thing, oldest first."""
    rows = tx.scalars(
        select(EventRow)
        .where(EventRow.noun == noun, EventRow.noun_id == noun_id)
        .order_by(EventRow.created_at.desc(), EventRow.id.desc())
        .limit(take)
    ).all()
    return [Happening(r.id, r.kind, r.noun, r.noun_id, r.data, r.user_id, r.created_at) for r in reversed(rows)]
