"""Webhooks: endpoints of workspaces, messages on their way out (one row each, kept until they are delivered or given up), and
the attempts at them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

WEBHOOK_STATES = ("waiting", "pending", "delivered", "failed")
ENDPOINT_STATES = ("active", "paused", "disabled")


class WebhookEndpoint(Tenanted, Dated, Base):
    """`active`: it is told of events behind `position`. `paused`: by hand. `disabled`: by the studio (`disabled_reason`)."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (tenant_key(), CheckConstraint(one_of("state", *ENDPOINT_STATES), name="state"))
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    event_types: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """`post.published`, or `post.*`; empty: all of the catalogue."""
    state: Mapped[str] = mapped_column(server_default="active")
    disabled_reason: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret, encrypted and bound to (workspace, endpoint)."""
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret before it was changed; it signs too until `old_until`."""
    old_until: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(BigInteger)
    """Of the last event that was looked at for it."""
    failing_since: Mapped[datetime | None]
    """The first failed attempt since the last delivery."""
    slow_until: Mapped[datetime | None]
    """Nothing is sent to it before: it asked for it, or is overloaded."""
    created_by: Mapped[str | None]


class WebhookMessage(Tenanted, Dated, Base):
    """`waiting`: for its job to end, `body` is empty until then. `pending`: to be sent at `next_at`. `failed`: given up."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        tenant_key(),
        tenant_fk("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        CheckConstraint(one_of("state", *WEBHOOK_STATES), name="state"),
        Index("ix_webhook_messages_due", "next_at", postgresql_where=text("state = 'pending'")),
        Index(
            "uq_webhook_messages_waiting",
            "tenant_id",
            "job_id",
            "kind",
            "url",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("uq_webhook_messages_event", "tenant_id", "endpoint_id", "event_position", unique=True),
        Index("ix_webhook_messages_ended", "created_at", postgresql_where=text("state IN ('delivered', 'failed')")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    """The `webhook-id` header: the same on every try, so that a receiver can leave out repeats."""
    kind: Mapped[str]
    """The type of the event; of a message without an endpoint, which body it has (backend.webhooks.register_body)."""
    url: Mapped[str]
    endpoint_id: Mapped[str | None]
    """None: to an address of the operator."""
    event_position: Mapped[int | None] = mapped_column(BigInteger)
    job_id: Mapped[str | None]
    """No foreign key: jobs are cleaned up before messages are."""
    body: Mapped[str] = mapped_column(server_default="")
    """The bytes that are signed and sent."""
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    last_status: Mapped[int | None]
    last_error: Mapped[str] = mapped_column(server_default="")
    last_error_words: Mapped[dict[str, Any] | None]
    """`message_column.words_of(last_error)`"""
    delivered_at: Mapped[datetime | None]


class WebhookAttempt(Tenanted, Dated, Base):
    """One try of a message. `created_at`: when its outcome was noted; a try whose sender was killed has no row."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        tenant_fk("message_id", "webhook_messages", ondelete="CASCADE"),
        Index(None, "tenant_id", "message_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    number: Mapped[int]
    status: Mapped[int | None]
    """HTTP status; None: there was no answer, and `error` says why."""
    error: Mapped[str] = mapped_column(server_default="")
    error_words: Mapped[dict[str, Any] | None]
    answer: Mapped[str] = mapped_column(server_default="")
    """The beginning of the answer's body."""
    latency_ms: Mapped[int | None]


class WebhookCursor(Base):
    """Up to which event the operator's address `name` was told. Of the installation, not of a workspace."""

    __tablename__ = "webhook_cursors"
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
