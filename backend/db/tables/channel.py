"""Channels: an influencer's accounts on platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn
from backend.platforms.registry import PLATFORMS


class Channel(Tenanted, Dated, Base):
    """An account on a platform. A deleted channel keeps its row, for the posts that were published on it."""

    __tablename__ = "channels"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        CheckConstraint(one_of("platform", *PLATFORMS), name="platform"),
        CheckConstraint(one_of("state", "connected", "reconnect", "off"), name="state"),
        Index(None, "tenant_id", "influencer_id"),
        Index(
            "uq_channels_account",
            "tenant_id",
            "platform",
            "account_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND account_id <> ''"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    platform: Mapped[str]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="connected")
    """connected; reconnect: somebody must connect the account again; off: switched off by hand."""
    account_id: Mapped[str] = mapped_column(server_default="")
    """The platform's id of the account; empty until it is known."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Tokens as JSON, encrypted and bound to (workspace, channel)."""
    expires_at: Mapped[datetime | None]
    """When the tokens end for good unless they are refreshed."""
    refreshed_at: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Defaults for all its posts (privacy, made for kids …)."""
    trouble: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why it must be connected again, as a sentence."""
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]
