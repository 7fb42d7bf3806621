"""Reels: a script, its scenes, and the clips that were rendered of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Float, Index, PrimaryKeyConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Reel(Tenanted, Dated, Base):
    """`job_id`: of its latest render. `asset_id`: its latest finished video, which shows what it was at `rendered_revision`."""

    __tablename__ = "reels"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        tenant_fk("asset_id", "assets"),
        Index("ix_reels_trash", "tenant_id", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_reels_listed", "tenant_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("uq_reels_run_id", "tenant_id", "run_id", unique=True, postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_reels_job", "tenant_id", "job_id"),
        Index("ix_reels_influencer", "tenant_id", "influencer_id"),
        Index("ix_reels_asset", "tenant_id", "asset_id"),
        tenant_fk("variant_of", "reels", ondelete="CASCADE"),
        Index("ix_reels_variant_of", "tenant_id", "variant_of"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    influencer_id: Mapped[str | None]
    script: Mapped[str] = mapped_column(server_default="")
    caption: Mapped[str] = mapped_column(server_default="")
    """The text of the post that it is for."""
    format: Mapped[str]
    voice_id: Mapped[str | None]
    speed: Mapped[float] = mapped_column(server_default="1")
    style: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """backend.reels.schemas.ReelStyle."""
    music_track_id: Mapped[str | None]
    """Of the workspace, or the name of a piece that comes along; None: no music."""
    music_db: Mapped[float] = mapped_column(server_default="-6")
    variant_of: Mapped[str | None]
    """The reel whose scenes it has, with another hook or ending; None: it has its own."""
    hook: Mapped[str] = mapped_column(server_default="")
    ending: Mapped[str] = mapped_column(server_default="")
    run_id: Mapped[str | None]
    """What the program that ordered it calls it (/orchestrate/start); None: made by hand."""
    job_id: Mapped[str | None]
    asset_id: Mapped[str | None]
    files: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """backend.reels.schemas.ReelFiles of the latest finished video."""
    revision: Mapped[int] = mapped_column(server_default="1")
    rendered_revision: Mapped[int | None]
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class ReelScene(Tenanted, Dated, Base):
    """A part of a reel: what is spoken, what is seen, how it moves and for how long."""

    __tablename__ = "reel_scenes"
    __table_args__ = (
        tenant_key(),
        tenant_fk("reel_id", "reels", ondelete="CASCADE"),
        tenant_fk("asset_id", "assets"),
        CheckConstraint(one_of("transition", "cut", "fade", "slide", "zoom", "black"), name="transition"),
        CheckConstraint(one_of("sound", "quiet", "full", "mute"), name="sound"),
        Index(None, "tenant_id", "reel_id", "position"),
        Index("ix_reel_scenes_asset", "tenant_id", "asset_id"),
        tenant_fk("recording_asset_id", "assets"),
        Index("ix_reel_scenes_recording", "tenant_id", "recording_asset_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    reel_id: Mapped[str]
    position: Mapped[int]
    words: Mapped[str] = mapped_column(server_default="")
    prompt: Mapped[str] = mapped_column(server_default="")
    """What its picture shows, where one is to be drawn."""
    asset_id: Mapped[str | None]
    """The picture; None: drawn from the prompt with the next render."""
    movement: Mapped[str]
    strength: Mapped[float] = mapped_column(server_default="0.5")
    seconds: Mapped[float | None]
    """None: as long as its words take."""
    transition: Mapped[str] = mapped_column(server_default="cut")
    sound: Mapped[str] = mapped_column(server_default="quiet")
    """What is heard of a video's own sound."""
    focus: Mapped[list[float] | None] = mapped_column(ARRAY(Float))
    """What a crop keeps: shares of the picture's width and height; None: its face, else its middle."""
    recording_asset_id: Mapped[str | None]
    """What a person said for it, heard instead of the reel's voice."""


class ReelClip(Tenanted, Dated, Base):
    """A rendered part of a reel, found again by the hash of everything that it was made of."""

    __tablename__ = "reel_clips"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "digest"),
        tenant_fk("asset_id", "assets"),
        Index("ix_reel_clips_asset", "tenant_id", "asset_id"),
        Index("ix_reel_clips_used", "tenant_id", "used_at"),
    )
    digest: Mapped[str]
    asset_id: Mapped[str]
    used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
