"""Generations (one request) and their pictures (the gallery)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key

SEARCH_VECTOR = "array_to_tsvector(ARRAY[('#'::text || tenant_id)]) || to_tsvector('simple'::regconfig, prompt)"


class Generation(Tenanted, Dated, Base):
    __tablename__ = "generations"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        tenant_fk("job_id", "jobs"),
        CheckConstraint(one_of("form", "pictures", "list", "grid", "upscale"), name="form"),
        Index(None, "tenant_id", "influencer_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    job_id: Mapped[str | None]
    form: Mapped[str] = mapped_column(server_default="pictures")
    """How it was asked for: pictures of one prompt, a list of prompts, a grid, a picture made larger."""
    recipe: Mapped[dict[str, Any]]
    """prompt, negative_prompt, model, width, height, steps, cfg, sampler, seeds[], loras[{lora_id, name, weight}],
    init_asset_id, strength"""
    grid: Mapped[dict[str, Any] | None]
    """{"axes": [{"title", "labels": []}]}: picture n stands at n % x, n // x % y, n // (x * y)."""
    shots: Mapped[list[Any] | None] = mapped_column(deferred=True)
    """What each picture has of its own, by n; NULL: nothing but its seed."""
    created_by: Mapped[str | None]


class Picture(Tenanted, Dated, Base):
    """One generated picture. `prompt` is copied for search; the recipe is the generation's with `shot` laid over it."""

    __tablename__ = "pictures"
    __table_args__ = (
        tenant_key(),
        tenant_key("generation_id", "n"),
        tenant_fk("generation_id", "generations"),
        tenant_fk("asset_id", "assets"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        CheckConstraint(one_of("gate", "open", "held", "rejected"), name="gate"),
        Index("ix_pictures_gate", "tenant_id", "gate", "id", postgresql_where=text("gate <> 'open' AND deleted_at IS NULL")),
        Index("ix_pictures_gallery", "tenant_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_influencer", "tenant_id", "influencer_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_rating", "tenant_id", "rating", "id", postgresql_where=text("deleted_at IS NULL")),
        CheckConstraint(one_of("shape", "square", "portrait", "landscape"), name="shape"),
        CheckConstraint(one_of("source", "made", "imported"), name="source"),
        Index("ix_pictures_favourite", "tenant_id", "id", postgresql_where=text("favourite AND deleted_at IS NULL")),
        Index("ix_pictures_seed", "tenant_id", "seed", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_model", "tenant_id", "model", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_source", "tenant_id", "source", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(
            "ix_pictures_file",
            "tenant_id",
            "file_sha256",
            postgresql_where=text("file_sha256 IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_pictures_asset", "tenant_id", "asset_id"),
        Index(
            "ix_pictures_trash",
            "tenant_id",
            "deleted_at",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL AND erased_at IS NULL"),
        ),
        Index("ix_pictures_search", "search", postgresql_using="gin"),
        Index("ix_pictures_bands", "bands", postgresql_using="gin"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    generation_id: Mapped[str]
    n: Mapped[int]
    asset_id: Mapped[str]
    influencer_id: Mapped[str | None]
    seed: Mapped[int] = mapped_column(BigInteger)
    prompt: Mapped[str]
    shot: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What of the recipe is this picture's own: the prompt as asked with its words chosen, steps, cfg …"""
    rating: Mapped[int] = mapped_column(server_default="0")
    identity_score: Mapped[float | None]
    """0..1 of the embedder in picture_checks; None: not scored."""
    identity_line: Mapped[float | None]
    """The threshold it was held against."""
    gate: Mapped[str] = mapped_column(server_default="open")
    """Only `open` pictures are in the gallery's default view."""
    favourite: Mapped[bool] = mapped_column(server_default=text("false"))
    model: Mapped[str] = mapped_column(server_default="")
    shape: Mapped[str] = mapped_column(server_default="square")
    source: Mapped[str] = mapped_column(server_default="made")
    origin: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Of an imported one: {"format", "filename", "notes"[]}."""
    file_sha256: Mapped[str | None]
    """Of an imported one: of the file as it came, before anything was taken out of it."""
    dhash: Mapped[str | None]
    """64-bit difference hash, 16 hex digits; None: not looked at yet."""
    bands: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), deferred=True)
    """The hash in eight slices, each made the workspace's own: two alike pictures share at least one."""
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True), deferred=True)
    """Words of the prompt and one that no prompt can hold, for the workspace. Read only through `find_pictures`."""
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Deleted for good: out of the trash, and its file is removed unless something else uses it."""


class PictureLora(Tenanted, Base):
    __tablename__ = "picture_loras"
    __table_args__ = (
        tenant_fk("picture_id", "pictures", ondelete="CASCADE"),
        tenant_fk("lora_id", "loras"),
        Index(None, "tenant_id", "lora_id", "picture_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    picture_id: Mapped[str] = mapped_column(primary_key=True)
    lora_id: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[float]
