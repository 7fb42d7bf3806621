"""Writes events and reads them back by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.db.tables import EventRow
from backend.events.origins import origin_columns
from backend.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event. `kind`: `job.completed`, `dataset.ready`, …; `noun`, `noun_id`: what it is about; `user_id` None: the
    studio."""

    id: str
    kind: str
    noun: str
    noun_id: str
    data: dict[str, Any]
    user_id: str | None
    created_at: datetime


def record(tx: Session, kind: str, noun: str, noun_id: str, data: Mapping[str, Any] | None = None) -> None:
    """Adds an event to the workspace that `tx` is confined to; `tx.info["last_event_id"]` is its id then."""
    event_id = new_id("evt")
    row = {"id": event_id, "kind": kind, "noun": noun, "noun_id": noun_id, "data": dict(data or {})}
    actor = {"user_id": tx.info.get("user_id"), "job_id": tx.info.get("job_id"), **origin_columns(tx)}
    tx.execute(insert(EventRow).values(**row, **actor))
    tx.info.setdefault("first_event_about", noun_id)
    tx.info["last_event_id"] = event_id


def list_for(tx: Session, noun: str, noun_id: str, *, take: int = 100) -> list[EventRecord]:
    """The latest `take` events about (`noun`, `noun_id`), oldest first."""
    rows = tx.scalars(
        select(EventRow)
        .where(EventRow.noun == noun, EventRow.noun_id == noun_id)
        .order_by(EventRow.created_at.desc(), EventRow.id.desc())
        .limit(take)
    ).all()
    return [to_record(row) for row in reversed(rows)]


def to_record(row: EventRow) -> EventRecord:
    return EventRecord(row.id, row.kind, row.noun, row.noun_id, row.data, row.user_id, row.created_at)
