"""Who the studio is about: persona, look, language, and the LoRA that draws them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, tenant_fk, tenant_key


class Influencer(Tenanted, Dated, Base):
    __tablename__ = "influencers"
    __table_args__ = (
        tenant_key(),
        tenant_key("name"),
        CheckConstraint("default_lora_weight BETWEEN -2 AND 2", name="weight"),
        tenant_fk("default_lora_id", "loras", ondelete="SET NULL"),
        tenant_fk("cover_asset_id", "assets", ondelete="SET NULL"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    trigger_word: Mapped[str]
    persona: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """`influencers.Persona`: bio, tone, style, topics[], do[], dont[], never_say[], examples[], sample_lines[], voice_style"""
    language: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    look_prompt: Mapped[str] = mapped_column(server_default="")
    look_negative: Mapped[str] = mapped_column(server_default="")
    default_lora_id: Mapped[str | None]
    default_lora_weight: Mapped[float] = mapped_column(server_default="1")
    ai_mark: Mapped[bool] = mapped_column(server_default=text("true"))
    cover_asset_id: Mapped[str | None]
    setup: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Where the wizard was left: step, dataset_id, run_id, generation_id; `done` true when finished."""
    version: Mapped[int] = mapped_column(server_default="1")
    """Goes up with each save: an edit of an older version is refused, not overwritten."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    archived_at: Mapped[datetime | None]
