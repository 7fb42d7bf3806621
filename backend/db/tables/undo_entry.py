"""Undo entries: what people changed, with what was there before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_key


class UndoRow(Tenanted, Dated, Base):
    """`id`: of its own, or of the row of `picture_acts` or `plan_acts` that says what was there before."""

    __tablename__ = "undo_entries"
    __table_args__ = (
        tenant_key(),
        Index(None, "tenant_id", "created_by", "id"),
        Index(None, "tenant_id", "event_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str]
    """Which part of what kind of thing was changed (`lora.name`); who undoes it registered it under this name."""
    noun_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    """The values of that part; null: the thing was not there."""
    after: Mapped[dict[str, Any] | None]
    event_id: Mapped[str | None]
    """The event that tells what was done."""
    created_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
