"""Webhooks on their way out: one row a message, kept until it is delivered or given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_key

WEBHOOK_STATES = ("waiting", "pending", "delivered", "failed")


class WebhookMessage(Tenanted, Dated, Base):
    """`waiting`: for its job to end, `body` is empty until then. `pending`: to be sent at `next_at`. `failed`: given up."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        tenant_key(),
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
        Index("ix_webhook_messages_ended", "created_at", postgresql_where=text("state IN ('delivered', 'failed')")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    """The `webhook-id` header: the same on every try, so that a receiver can leave out repeats."""
    kind: Mapped[str]
    """Which body it has (backend.webhooks.register_body)."""
    url: Mapped[str]
    job_id: Mapped[str | None]
    """No foreign key: jobs are cleaned up before messages are."""
    body: Mapped[str] = mapped_column(server_default="")
    """The bytes that are signed and sent."""
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    last_status: Mapped[int | None]
    last_error: Mapped[str] = mapped_column(server_default="")
    delivered_at: Mapped[datetime | None]
