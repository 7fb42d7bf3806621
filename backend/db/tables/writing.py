"""Texts that were written for posts, and talks with influencers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, Numeric, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key

SEARCH_VECTOR = (
    "array_to_tsvector(ARRAY[('#'::text || tenant_id)]) || to_tsvector('simple'::regconfig, translate("
    "((((topic || ' '::text) || COALESCE((parts ->> 'hook'::text), ''::text)) || ' '::text) || "
    "COALESCE((parts ->> 'caption'::text), ''::text)), '-/._@+&?=~#<>'::text, '             '::text))"
)


class TextDraft(Tenanted, Dated, Base):
    """One text for one post. Variants of one wish, and ideas of one plan, share `batch_id`; an idea has a `day`."""

    __tablename__ = "text_drafts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers"),
        tenant_fk("picture_id", "pictures", ondelete="SET NULL"),
        CheckConstraint(one_of("state", "draft", "used", "discarded"), name="state"),
        CheckConstraint("day >= 1", name="day"),
        Index("ix_text_drafts_state", "tenant_id", "state", "id"),
        Index("ix_text_drafts_influencer", "tenant_id", "influencer_id", "id"),
        Index("ix_text_drafts_batch", "tenant_id", "batch_id"),
        Index("ix_text_drafts_picture", "tenant_id", "picture_id", postgresql_where=text("picture_id IS NOT NULL")),
        Index("ix_text_drafts_search", "search", postgresql_using="gin"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    batch_id: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    day: Mapped[int | None]
    """Of an idea: 1 is the first day of its plan."""
    content_type: Mapped[str]
    topic: Mapped[str]
    style: Mapped[str] = mapped_column(server_default="")
    length: Mapped[int]
    """Characters the caption may have."""
    sponsored: Mapped[bool] = mapped_column(server_default=text("false"))
    brief: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """goal, audience, call_to_action, sponsor, must_say[], publish_on (ISO date): those that are set."""
    parts: Mapped[dict[str, Any]]
    """hook, caption, hashtags[], alt_text, picture"""
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[{part, rule, sentence, repaired}]: rules of the persona or platform that the text broke."""
    earlier: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[{part, value}], newest last: what stood there before it was edited or written anew."""
    model: Mapped[str] = mapped_column(server_default="")
    """Who wrote it: a model, `offline`, or "" for a person."""
    replies: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Generation ids of the ledger's calls (`llm_calls.generation_id`) that were paid for it."""
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0")
    """Its share of what those cost."""
    job_id: Mapped[str | None]
    picture_id: Mapped[str | None]
    created_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True), deferred=True)
    """Words of topic, hook and caption, and one for the workspace. The index is read only through `find_anywhere`."""


class TalkLine(Tenanted, Dated, Base):
    """A question and an answer of one person's talk with an influencer. Cleared: the rows are gone.

    saying: on its way (or its studio died meanwhile) · said: whole · cut: what had come when it ended early.
    """

    __tablename__ = "talk_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers"),
        CheckConstraint(one_of("state", "saying", "said", "cut"), name="state"),
        Index("ix_talk_lines_talk", "tenant_id", "influencer_id", "user_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    user_id: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="saying")
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    model: Mapped[str] = mapped_column(server_default="")
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0")
