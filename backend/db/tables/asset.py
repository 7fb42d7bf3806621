"""Assets (files in S3), what uses them, uploads, and renditions: assets as they go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn


class Asset(Tenanted, Dated, Base):
    """A file. intent -> stored -> deleted -> purged. Keys are never overwritten; bytes are removed some days after
    `deleted_at`."""

    __tablename__ = "assets"
    __table_args__ = (
        tenant_key(),
        tenant_key("key"),
        CheckConstraint(one_of("kind", "image", "video", "audio", "lora", "state", "archive", "clip", "text"), name="kind"),
        CheckConstraint(one_of("state", "intent", "stored", "deleted", "purged"), name="state"),
        tenant_fk("job_id", "jobs", ondelete="SET NULL"),
        Index(None, "tenant_id", "job_id"),
        Index(None, "tenant_id", "kind", "id"),
        Index("ix_assets_image_sha256", "tenant_id", "sha256", postgresql_where=text("kind = 'image' AND state = 'stored'")),
        Index("ix_assets_deleted", "deleted_at", postgresql_where=text("state IN ('deleted', 'intent')")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="intent")
    key: Mapped[str]
    content_type: Mapped[str]
    filename: Mapped[str] = mapped_column(server_default="")
    """Name of a download."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sha256: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    thumbs: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Widths in px of the WebP thumbnails stored at `<key>.w<width>.webp`."""
    meta: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    job_id: Mapped[str | None]
    attempt_id: Mapped[str | None]
    created_by: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class AssetUse(Tenanted, Dated, Base):
    """What uses an asset. An asset in use is not deleted without a warning; one that nothing uses is deleted after a while."""

    __tablename__ = "asset_uses"
    __table_args__ = (tenant_fk("asset_id", "assets", ondelete="CASCADE"), Index(None, "tenant_id", "noun", "noun_id"))
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    asset_id: Mapped[str] = mapped_column(primary_key=True)
    noun: Mapped[str] = mapped_column(primary_key=True)
    noun_id: Mapped[str] = mapped_column(primary_key=True)


class Upload(Tenanted, Dated, Base):
    """A file on its way in. By `client_key` (name, size and time of the user's file) a file that is selected again is
    skipped."""

    __tablename__ = "uploads"
    __table_args__ = (
        tenant_key(),
        tenant_key("noun", "noun_id", "client_key"),
        CheckConstraint(one_of("state", "uploading", "stored", "taken", "refused"), name="state"),
        Index(None, "tenant_id", "noun", "noun_id", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    noun: Mapped[str]
    """What it is for: `dataset`, `lora`, `generation`."""
    noun_id: Mapped[str]
    filename: Mapped[str]
    client_key: Mapped[str]
    key: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="uploading")
    reason: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why it was refused, as a sentence."""
    job_id: Mapped[str | None]
    created_by: Mapped[str | None]


class Rendition(Tenanted, Dated, Base):
    """One asset by one recipe. `made_id` empty: not made yet, or `error` says why it cannot be."""

    __tablename__ = "renditions"
    __table_args__ = (
        tenant_key(),
        tenant_fk("asset_id", "assets", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "asset_id", "digest"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the recipe: the same is made once."""
    recipe: Mapped[dict[str, Any]]
    made_id: Mapped[str | None]
    """The asset that came of it."""
    error: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    used_at: Mapped[datetime | None]
    """When a post last needed it; renditions that are no longer needed are deleted."""
