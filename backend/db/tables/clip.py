"""Videos made of one picture, or uploaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Clip(Tenanted, Dated, Base):
    """A video. The row is written when it is requested; the file exists once `asset_id` is set. Until then its state is its
    job's."""

    __tablename__ = "clips"
    __table_args__ = (
        tenant_key(),
        tenant_key("job_id"),
        tenant_fk("job_id", "jobs"),
        tenant_fk("picture_id", "pictures"),
        tenant_fk("asset_id", "assets"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        CheckConstraint(one_of("format", "as-is", "9:16", "4:5", "1:1", "16:9"), name="format"),
        Index("ix_clips_made", "tenant_id", "id", postgresql_where=text("asset_id IS NOT NULL AND deleted_at IS NULL")),
        Index("ix_clips_influencer", "tenant_id", "influencer_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_clips_favourite", "tenant_id", "id", postgresql_where=text("favourite AND deleted_at IS NULL")),
        Index(None, "tenant_id", "picture_id", "id"),
        Index("ix_clips_asset", "tenant_id", "asset_id"),
        Index(
            "ix_clips_trash",
            "tenant_id",
            "deleted_at",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL AND erased_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str]
    picture_id: Mapped[str | None]
    """None: uploaded."""
    asset_id: Mapped[str | None]
    influencer_id: Mapped[str | None]
    format: Mapped[str]
    recipe: Mapped[dict[str, Any]]
    """backend.videos.schemas.ClipRecipe."""
    frames: Mapped[int] = mapped_column(server_default="0")
    fps: Mapped[int] = mapped_column(server_default="0")
    rating: Mapped[int] = mapped_column(server_default="0")
    favourite: Mapped[bool] = mapped_column(server_default=text("false"))
    created_by: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Deleted for good, as `Picture.erased_at`."""
