"""What people are told: notices, how each person wants to hear of them, and the messages that carry them outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

EMAIL_CHOICES = ("off", "now", "daily", "weekly")
NOTICE_WAYS = ("email", "digest", "webhook", "apprise")
DELIVERY_STATES = ("pending", "delivered", "failed", "dropped")


class NoticeFeed(Tenanted, Base):
    """How far the events of a workspace were turned into notices. One row a workspace; locked while that is done."""

    __tablename__ = "notice_feeds"
    tenant_id: Mapped[str] = mapped_column(
        ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, server_default=CURRENT_TENANT
    )
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Of the last event that was read (events.position)."""
    reported_week: Mapped[str] = mapped_column(server_default="")
    """The last week that was reported, as 2031-W07."""


class Notice(Tenanted, Dated, Base):
    """Something that one person is told of. Storms are folded: `count` happenings between `first_at` and `last_at`."""

    __tablename__ = "notices"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "user_id", "kind", "subject", "episode"),
        Index("ix_notices_latest", "tenant_id", "user_id", "last_at", "id"),
        Index("ix_notices_unread", "tenant_id", "user_id", "kind", postgresql_where=text("read_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    """What is folded together, as `channel:chn_1`."""
    episode: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Position of the event that opened it; 0 where a subject is told of once for ever."""
    position: Mapped[int] = mapped_column(BigInteger)
    """Of the last event in it: an event is never counted twice."""
    count: Mapped[int] = mapped_column(server_default="1")
    title: Mapped[str] = mapped_column(MessageColumn)
    message: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    noun: Mapped[str] = mapped_column(server_default="")
    noun_id: Mapped[str] = mapped_column(server_default="")
    """What to open; "": the list of such things."""
    in_app: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether the inbox shows it; the others only carry messages."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NoticeSettings(Tenanted, Dated, Base):
    """A person's own settings for one workspace; defaults hold without a row."""

    __tablename__ = "notice_settings"
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    zone: Mapped[str] = mapped_column(server_default="UTC")
    quiet_from: Mapped[str] = mapped_column(server_default="")
    """Local time, as 22:00; "": no quiet hours."""
    quiet_to: Mapped[str] = mapped_column(server_default="")
    digest_at: Mapped[str] = mapped_column(server_default="08:00")
    digest_weekday: Mapped[int] = mapped_column(server_default="0")
    """Of weekly digests; 0 is Monday."""
    refused_email: Mapped[str] = mapped_column(server_default="")
    """The address that the mail server refused for good; nothing is sent there until the person changes or tries it."""
    refusal: Mapped[str] = mapped_column(server_default="")


class NoticePreference(Tenanted, Base):
    """How a person hears of one kind; the kind's defaults hold without a row."""

    __tablename__ = "notice_preferences"
    __table_args__ = (CheckConstraint(one_of("email", *EMAIL_CHOICES), name="email"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    in_app: Mapped[bool]
    email: Mapped[str]
    webhook: Mapped[bool]
    apprise: Mapped[bool]


class NoticeTarget(Tenanted, Dated, Base):
    """Where else a person is told: an address of a program, or of Telegram, Slack, Discord or ntfy."""

    __tablename__ = "notice_targets"
    __table_args__ = (tenant_key(), CheckConstraint(one_of("way", "webhook", "apprise"), name="way"))
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    way: Mapped[str]
    label: Mapped[str]
    """What may be shown of it: the service and the host."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The URL, encrypted and bound to the row."""
    last_error: Mapped[str] = mapped_column(server_default="")
    last_error_words: Mapped[dict[str, Any] | None]
    """`message_column.words_of(last_error)`"""
    last_sent_at: Mapped[datetime | None]


class NoticeDelivery(Tenanted, Dated, Base):
    """A notice on one way outside: at most one row for each, kept until it is delivered or given up.

    `dropped`: it was not wanted any more when its time came.
    """

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(["tenant_id", "notice_id"], ["notices.tenant_id", "notices.id"], ondelete="CASCADE"),
        tenant_fk("target_id", "notice_targets", ondelete="CASCADE"),
        CheckConstraint(one_of("way", *NOTICE_WAYS), name="way"),
        CheckConstraint(one_of("state", *DELIVERY_STATES), name="state"),
        Index(
            "uq_notice_deliveries_way",
            "tenant_id",
            "notice_id",
            "way",
            text("coalesce(target_id, '')"),
            unique=True,
        ),
        Index("ix_notice_deliveries_due", "next_at", postgresql_where=text("state = 'pending'")),
        Index("ix_notice_deliveries_person", "tenant_id", "user_id", postgresql_where=text("state = 'pending'")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    notice_id: Mapped[str]
    way: Mapped[str]
    target_id: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_error: Mapped[str] = mapped_column(server_default="")
    delivered_at: Mapped[datetime | None]
