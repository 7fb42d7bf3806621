"""Keeps what people changed for the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.db.tables import AuditChange
from backend.events.audit_values import changed
from backend.events.origins import origin_columns


def record_change(
    tx: Session,
    change_id: str,
    verb: str,
    noun_id: str,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    event_id: str | None,
) -> None:
    """Adds what the caller of `tx` changed of `noun_id`. `verb`: which part of it (`lora.name`); None for `before` or `after`:
    it was not there; `event_id`: the event that tells of it."""
    kept_before, kept_after = changed(before, after)
    row = {"id": change_id, "verb": verb, "noun_id": noun_id, "before": kept_before, "after": kept_after, "event_id": event_id}
    tx.execute(insert(AuditChange).values(**row, user_id=tx.info.get("user_id"), **origin_columns(tx)))
