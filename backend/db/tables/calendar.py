"""What people put beside posts on a calendar: campaigns, and addresses under which other calendars read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_fk, tenant_key


class Campaign(Tenanted, Dated, Base):
    """A label of posts that belong together. Its name is unique in the workspace, whatever the case."""

    __tablename__ = "campaigns"
    __table_args__ = (
        tenant_key(),
        Index("uq_campaigns_name", "tenant_id", text("lower(name)"), unique=True),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class CalendarFeed(Tenanted, Dated, Base):
    """An address under which a calendar program reads the posts, for as long as whoever made it is a member. Only the hash of
    its secret is stored."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (tenant_key(), tenant_fk("influencer_id", "influencers", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    influencer_id: Mapped[str | None]
    """Null: all influencers."""
    with_drafts: Mapped[bool] = mapped_column(server_default=text("true"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    last_four: Mapped[str]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    last_read_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
