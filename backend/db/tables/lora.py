"""The LoRA library."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Lora(Tenanted, Dated, Base):
    __tablename__ = "loras"
    __table_args__ = (
        tenant_key(),
        Index("uq_loras_name", "tenant_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        CheckConstraint(one_of("source", "trained", "uploaded"), name="source"),
        tenant_fk("asset_id", "assets"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    """Also its word in `<lora:name:0.8>`."""
    trigger_word: Mapped[str] = mapped_column(server_default="")
    base: Mapped[str]
    """Family of checkpoints it fits: starter-128, sd15, sdxl."""
    dim: Mapped[int]
    alpha: Mapped[float]
    source: Mapped[str]
    asset_id: Mapped[str]
    influencer_id: Mapped[str | None]
    run_id: Mapped[str | None]
    step: Mapped[int | None]
    notes: Mapped[str] = mapped_column(server_default="")
    meta: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Deleted for good: its file is gone; pictures still name it."""
