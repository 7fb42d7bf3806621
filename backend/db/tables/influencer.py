"""Who the studio is about: persona, look, language, and the LoRA that draws them; who they are to an embedder, what is done
with pictures that are somebody else, and how each picture was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Influencer(Tenanted, Dated, Base):
    __tablename__ = "influencers"
    __table_args__ = (
        tenant_key(),
        tenant_key("name"),
        CheckConstraint("default_lora_weight BETWEEN -2 AND 2", name="weight"),
        tenant_fk("default_lora_id", "loras", ondelete="SET NULL"),
        tenant_fk("cover_asset_id", "assets", ondelete="SET NULL"),
        Index("uq_influencers_sample", "tenant_id", unique=True, postgresql_where=text("is_sample")),
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
    default_lora_weight: Mapped[float] = mapped_column(server_default="0.8")
    ai_mark: Mapped[bool] = mapped_column(server_default=text("true"))
    cover_asset_id: Mapped[str | None]
    setup: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Where the wizard was left: step, dataset_id, run_id, generation_id; `done` true when finished."""
    brand_kit: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """`influencers.BrandKit`."""
    version: Mapped[int] = mapped_column(server_default="1")
    """Goes up with each save: an edit of an older version is refused, not overwritten."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    archived_at: Mapped[datetime | None]
    is_sample: Mapped[bool] = mapped_column(server_default=text("false"))
    """The sample influencer, to play with; removed as a whole."""


class IdentityProfile(Tenanted, Dated, Base):
    """One per influencer, made when its gate is set or it is first calibrated."""

    __tablename__ = "identity_profiles"
    __table_args__ = (
        tenant_key(),
        tenant_key("influencer_id"),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        tenant_fk("job_id", "jobs", ondelete="SET NULL"),
        CheckConstraint(one_of("gate", "off", "mark", "hold", "regenerate", "reject"), name="gate"),
        CheckConstraint("extra_max BETWEEN 0 AND 16", name="extra_max"),
        CheckConstraint("line BETWEEN 0 AND 1", name="line"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    embedder: Mapped[str] = mapped_column(server_default="")
    """Name and version that made `reference`; empty: not calibrated."""
    reference: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """centroid[] or traits{}"""
    shots: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[{"asset_id", "score"}]: the reference pictures, each scored against the others."""
    source: Mapped[str] = mapped_column(server_default="")
    """Fingerprint of the pictures there were to choose from: another one now means that the dataset changed."""
    picked: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Reference assets a person chose; empty: all included pictures of the influencer's datasets."""
    calibrated_line: Mapped[float | None]
    line: Mapped[float | None]
    """A person's own threshold for this embedder."""
    gate: Mapped[str] = mapped_column(server_default="mark")
    extra_max: Mapped[int] = mapped_column(server_default="4")
    """Pictures that `regenerate` may draw beyond those asked for, per request."""
    job_id: Mapped[str | None]
    calibrated_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PictureCheck(Tenanted, Dated, Base):
    """What is frozen about a picture beside its recipe and score, and what a person decided about it."""

    __tablename__ = "picture_checks"
    __table_args__ = (
        tenant_fk("picture_id", "pictures", ondelete="CASCADE"),
        CheckConstraint(one_of("decision", "", "approved", "rejected"), name="decision"),
        Index("ix_picture_checks_near", "tenant_id", "near_picture_id", postgresql_where=text("near_picture_id IS NOT NULL")),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    picture_id: Mapped[str] = mapped_column(primary_key=True)
    embedder: Mapped[str] = mapped_column(server_default="")
    why: Mapped[str] = mapped_column(server_default="")
    """Why there is no score, as a sentence; empty: there is one, or none was wanted."""
    loras: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[{"lora_id", "name", "weight", "step", "sha256"}] as drawn with."""
    template: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """The prompt template and its version, if one was used."""
    near_picture_id: Mapped[str | None]
    """An earlier picture of the same influencer that looks almost the same."""
    near_bits: Mapped[int | None]
    decision: Mapped[str] = mapped_column(server_default="")
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]
