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
        Index("ix_events_audit", "tenant_id", "id", postgresql_where=text("source IS NOT NULL")),
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
    source: Mapped[str | None]
    """From where somebody caused it: page, program, key, hook, automation, command; `unknown` where nobody noted it; None: the
    studio itself, or one of its jobs."""
    api_key_id: Mapped[str | None]
    address: Mapped[str | None]
    """Of the network, where it came over one."""
    user_agent: Mapped[str | None]


class AuditChange(Tenanted, Dated, Base):
    """What somebody changed, with what was there before: written once, never changed. `id`: of its undo entry, which is
    forgotten earlier. Of values that may be private, only the names are in it (`backend/events/audit_values.py`)."""

    __tablename__ = "audit_changes"
    __table_args__ = (
        tenant_key(),
        Index(None, "tenant_id", "event_id"),
        Index("ix_audit_changes_untold", "tenant_id", "id", postgresql_where=text("event_id IS NULL")),
        Index(None, "created_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str | None]
    """The event that tells of it; None: none does."""
    verb: Mapped[str]
    noun_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    user_id: Mapped[str | None]
    source: Mapped[str | None]
    api_key_id: Mapped[str | None]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
