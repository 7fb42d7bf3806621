"""Training pictures and their captions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.tables.base import Base, Dated, Tenanted, tenant_fk, tenant_key, words


class Dataset(Tenanted, Dated, Base):
    __tablename__ = "datasets"
    __table_args__ = (
        tenant_key(),
        Index("uq_datasets_name", "tenant_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        CheckConstraint(words("status", "draft", "ready", "training"), name="status"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    name: Mapped[str]
    trigger_word: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="draft")
    rights_statement: Mapped[str] = mapped_column(server_default="")
    """What the person declared about the pictures; empty: not declared, training is refused."""
    rights_by: Mapped[str | None]
    rights_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class DatasetImage(Tenanted, Dated, Base):
    __tablename__ = "dataset_images"
    __table_args__ = (
        tenant_key(),
        tenant_key("dataset_id", "sha256"),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        tenant_fk("asset_id", "assets"),
        Index(None, "tenant_id", "dataset_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    asset_id: Mapped[str]
    upload_id: Mapped[str | None]
    filename: Mapped[str]
    sha256: Mapped[str]
    """Of the file as uploaded."""
    width: Mapped[int]
    height: Mapped[int]
    dhash: Mapped[str]
    """64-bit difference hash, 16 hex digits."""
    sharpness: Mapped[float]
    """Variance of the Laplacian at 512 px."""
    near_duplicate_of: Mapped[str | None]
    near_duplicate_distance: Mapped[int | None]
    """Differing bits of the two hashes, 0-64."""
    included: Mapped[bool] = mapped_column(server_default=text("true"))
    caption: Mapped[str] = mapped_column(server_default="")
    caption_by: Mapped[str] = mapped_column(server_default="")
    caption_version: Mapped[int] = mapped_column(server_default="0")
    """Goes up with each change: a save of an older version is refused, not overwritten."""
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """What ingest noticed: {"code", "sentence"}: animated, cmyk, 16-bit, rotated …"""
