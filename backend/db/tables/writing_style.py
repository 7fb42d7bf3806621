"""Writing styles, their PDF sources, and texts written in them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn


class WritingStyle(Tenanted, Dated, Base):
    """A writing style. `card` is empty until it is trained; `trained_at`: when it last was."""

    __tablename__ = "writing_styles"
    __table_args__ = (
        tenant_key(),
        Index("uq_writing_styles_name", "tenant_id", "name", unique=True, postgresql_where=sql("deleted_at IS NULL")),
        Index("ix_writing_styles_idle", "tenant_id", "last_activity_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kept: Mapped[bool] = mapped_column(server_default=sql("true"))
    """False: it is deleted when nobody has used it for SESSION_CLEANUP_HOURS, trained or not."""
    card: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    """What was measured and the excerpts chosen: `styles.schemas.StyleCard`."""
    job_id: Mapped[str | None]
    """Of the last training; jobs are forgotten after a while, their numbers stay here."""
    model: Mapped[str] = mapped_column(server_default="")
    """The model that writes in it; "": the one of the settings."""
    conversation_from: Mapped[datetime | None]
    """Texts made after this are shown to the model when it writes the next; None: all."""
    trained_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    created_by: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class StyleSource(Tenanted, Dated, Base):
    """A PDF of a style. Its text is kept here when it was read; the file itself is not."""

    __tablename__ = "style_sources"
    __table_args__ = (
        tenant_key(),
        tenant_fk("style_id", "writing_styles", ondelete="CASCADE"),
        CheckConstraint(one_of("state", "waiting", "read", "refused"), name="state"),
        Index("ix_style_sources_style", "tenant_id", "style_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    style_id: Mapped[str]
    upload_id: Mapped[str]
    filename: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why it was refused, as a sentence."""
    notes: Mapped[list[str]] = mapped_column(server_default=sql("'[]'"))
    """What was noticed while reading it, as sentences."""
    pages: Mapped[int] = mapped_column(server_default="0")
    words: Mapped[int] = mapped_column(server_default="0")
    sha256: Mapped[str] = mapped_column(server_default="")
    """Of the words read: the same text twice is counted once."""
    text: Mapped[str] = mapped_column(server_default="")


class StyleText(Tenanted, Dated, Base):
    """A text written in a style. `draft` grows while it is written; `text` is there when it is done."""

    __tablename__ = "style_texts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("style_id", "writing_styles", ondelete="CASCADE"),
        Index("ix_style_texts_style", "tenant_id", "style_id", "id"),
        Index("ix_style_texts_job", "tenant_id", "job_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    style_id: Mapped[str]
    job_id: Mapped[str]
    topic: Mapped[str]
    language: Mapped[str]
    words_wanted: Mapped[int]
    variant: Mapped[int] = mapped_column(server_default="0")
    """0, 1, …: of the same wish; each differs."""
    draft: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    words: Mapped[int] = mapped_column(server_default="0")
    score: Mapped[float | None]
    """0..1: how much it reads like the source; None where nothing can be said."""
    shared_run: Mapped[int] = mapped_column(server_default="0")
    """Words in a row that also stand in the source, at most."""
    shared_words: Mapped[str] = mapped_column(server_default="")
    notes: Mapped[list[str]] = mapped_column(server_default=sql("'[]'"))
    """What to know about it, as sentences."""
    model: Mapped[str] = mapped_column(server_default="")
    """Who wrote it: a model, or `offline`."""
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0")
    created_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
