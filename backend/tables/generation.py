"""Generations (one request) and their pictures (the gallery)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key


class Generation(Tenanted, Dated, Base):
    __tablename__ = "generations"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        tenant_fk("job_id", "jobs"),
        Index(None, "tenant_id", "influencer_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    job_id: Mapped[str | None]
    recipe: Mapped[dict[str, Any]]
    """prompt, negative_prompt, model, width, height, steps, cfg, sampler, seeds[], loras[{lora_id, name, weight}],
    init_asset_id, strength"""
    created_by: Mapped[str | None]


class Picture(Tenanted, Dated, Base):
    """One generated picture. `prompt` is copied for search; everything else of the recipe is the generation's."""

    __tablename__ = "pictures"
    __table_args__ = (
        tenant_key(),
        tenant_key("generation_id", "n"),
        tenant_fk("generation_id", "generations"),
        tenant_fk("asset_id", "assets"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        Index("ix_pictures_gallery", "tenant_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_influencer", "tenant_id", "influencer_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_pictures_rating", "tenant_id", "rating", "id", postgresql_where=text("deleted_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    generation_id: Mapped[str]
    n: Mapped[int]
    asset_id: Mapped[str]
    influencer_id: Mapped[str | None]
    seed: Mapped[int] = mapped_column(BigInteger)
    prompt: Mapped[str]
    rating: Mapped[int] = mapped_column(server_default="0")
    deleted_at: Mapped[datetime | None]


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
