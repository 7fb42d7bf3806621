"""What happened, one row an event, written in the transaction that made it true."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_key


class EventRow(Tenanted, Dated, Base):
    __tablename__ = "events"
    __table_args__ = (
        tenant_key(),
        Index(None, "tenant_id", "noun", "noun_id", "id"),
        Index("ix_events_tenant_id_position", "tenant_id", "position"),
        Index("ix_events_position", "position"),
        Index("ix_events_unnumbered", "created_at", "id", postgresql_where=text("position IS NULL")),
        Index(
            "ix_events_of_people", "tenant_id", "user_id", "id", postgresql_where=text("job_id IS NULL AND user_id IS NOT NULL")
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`job.completed`, `dataset.ready`, `influencer.created` …"""
    noun: Mapped[str]
    noun_id: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    user_id: Mapped[str | None]
    job_id: Mapped[str | None]
    """The job whose pipeline wrote it; None: a person, a program or the scheduler did."""
    position: Mapped[int | None] = mapped_column(BigInteger)
    """Where it stands in the stream: given after its commit, one event after the other, so that who reads on from a position
    misses nothing that was committed late."""
