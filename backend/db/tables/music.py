"""Music of a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_fk, tenant_key


class Track(Tenanted, Dated, Base):
    """A piece of music that somebody uploaded, with what allows its use. The file exists once `asset_id` is set; until then its
    state is its job's. The pieces that come along have no rows (backend.music.pieces)."""

    __tablename__ = "tracks"
    __table_args__ = (
        tenant_key(),
        tenant_fk("job_id", "jobs"),
        tenant_fk("asset_id", "assets"),
        Index(None, "tenant_id", "job_id"),
        Index("ix_tracks_asset", "tenant_id", "asset_id"),
        Index("ix_tracks_listed", "tenant_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(
            "ix_tracks_trash",
            "tenant_id",
            "deleted_at",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL AND erased_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    licence: Mapped[str]
    source: Mapped[str]
    """Where it is from: an address, or who made it."""
    credit: Mapped[str] = mapped_column(server_default="")
    """How its author is named where it is heard."""
    job_id: Mapped[str]
    asset_id: Mapped[str | None]
    seconds: Mapped[float] = mapped_column(server_default="0")
    lufs: Mapped[float] = mapped_column(server_default="0")
    """Loudness of the whole by EBU R 128."""
    peaks: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Its waveform: at most 240 values of 0..100."""
    created_by: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Deleted for good, as `Picture.erased_at`."""
