"""Voices of a workspace, what is spoken with them, and how words are pronounced."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Voice(Tenanted, Dated, Base):
    """A voice that somebody of the workspace took from an engine."""

    __tablename__ = "voices"
    __table_args__ = (
        tenant_key(),
        tenant_key("engine", "engine_voice"),
        tenant_fk("consent_id", "consents"),
        CheckConstraint(one_of("kind", "synthetic", "recorded", "cloned"), name="kind"),
        CheckConstraint("kind <> 'cloned' OR consent_id IS NOT NULL", name="consent"),
        Index(None, "tenant_id", "consent_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="synthetic")
    engine: Mapped[str]
    engine_voice: Mapped[str]
    language: Mapped[str]
    licence: Mapped[str]
    quality: Mapped[str] = mapped_column(server_default="natural")
    weights_sha256: Mapped[str] = mapped_column(server_default="")
    """Of the file that held it when it was added; "": only its maker has it."""
    consent_id: Mapped[str | None]
    """Of the person whose voice it copies."""
    created_by: Mapped[str | None]


class InfluencerVoice(Tenanted, Base):
    """The voice of an influencer, and its pace."""

    __tablename__ = "influencer_voices"
    __table_args__ = (
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        tenant_fk("voice_id", "voices"),
        CheckConstraint("speed BETWEEN 0.5 AND 2", name="speed"),
        Index(None, "tenant_id", "voice_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    influencer_id: Mapped[str] = mapped_column(primary_key=True)
    voice_id: Mapped[str]
    speed: Mapped[float] = mapped_column(server_default="1.0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class LexiconEntry(Tenanted, Dated, Base):
    """How a word or name is said: `spoken` is what voices read instead of `written`. Captions keep what is written."""

    __tablename__ = "lexicon_entries"
    __table_args__ = (tenant_key(), Index("uq_lexicon_entries_written", "tenant_id", text("lower(written)"), unique=True))
    id: Mapped[str] = mapped_column(primary_key=True)
    written: Mapped[str]
    spoken: Mapped[str]


class SpokenAudio(Tenanted, Dated, Base):
    """Words that were spoken once. `digest` is of everything that changes the sound: the same is spoken, and paid, once."""

    __tablename__ = "spoken_audio"
    __table_args__ = (
        tenant_key(),
        tenant_key("digest"),
        tenant_fk("voice_id", "voices"),
        tenant_fk("asset_id", "assets"),
        CheckConstraint(one_of("timing_source", "", "engine", "aligned", "sentence", "none"), name="timing_source"),
        Index(None, "tenant_id", "asset_id"),
        Index(None, "tenant_id", "voice_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    voice_id: Mapped[str]
    asset_id: Mapped[str | None]
    """None: a paid engine was asked by `attempt_id`, and there is no answer yet."""
    attempt_id: Mapped[str | None]
    duration_s: Mapped[float] = mapped_column(server_default="0")
    timing_source: Mapped[str] = mapped_column(server_default="")
    words: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[[text, start_s, end_s]]: of what was spoken, after the lexicon."""
    characters: Mapped[int] = mapped_column(server_default="0")
    usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0")
