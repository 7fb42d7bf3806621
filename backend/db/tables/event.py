"""What happened, one row an event, written in the transaction that made it true."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_key


class EventRow(Tenanted, Dated, Base):
    __tablename__ = "events"
    __table_args__ = (tenant_key(), Index(None, "tenant_id", "noun", "noun_id", "id"))
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`job.completed`, `dataset.ready`, `influencer.created` …"""
    noun: Mapped[str]
    noun_id: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    user_id: Mapped[str | None]
