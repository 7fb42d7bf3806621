"""The prompt library: wildcards, prompt templates and their versions, prompt styles, presets, earlier prompts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key

_LIVE = text("deleted_at IS NULL")


class Wildcard(Tenanted, Dated, Base):
    """A list; `__name__` in a prompt is replaced by one of its lines."""

    __tablename__ = "wildcards"
    __table_args__ = (tenant_key(), tenant_key("name"))
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    lines: Mapped[list[str]]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PromptTemplate(Tenanted, Dated, Base):
    """Its text is that of `version`. Older versions stay, because recipes refer to them."""

    __tablename__ = "prompt_templates"
    __table_args__ = (
        tenant_key(),
        Index("uq_prompt_templates_name", "tenant_id", "name", unique=True, postgresql_where=_LIVE),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class TemplateVersion(Tenanted, Dated, Base):
    __tablename__ = "template_versions"
    __table_args__ = (tenant_fk("template_id", "prompt_templates", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    template_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    prompt: Mapped[str]
    negative: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str | None]


class Style(Tenanted, Dated, Base):
    """Words and settings added to what is asked; of one influencer, or of the workspace."""

    __tablename__ = "styles"
    __table_args__ = (
        tenant_key(),
        Index("uq_styles_name", "tenant_id", "name", unique=True, postgresql_where=_LIVE),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        Index(None, "tenant_id", "influencer_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    influencer_id: Mapped[str | None]
    prompt: Mapped[str] = mapped_column(server_default="")
    negative: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """model, steps, cfg, sampler, size: what the form starts with; absent: its own."""
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class Preset(Tenanted, Dated, Base):
    """All values of the form under a name. `owner_id`: whose it is, empty: everybody's in the workspace."""

    __tablename__ = "presets"
    __table_args__ = (
        tenant_key(),
        tenant_key("owner_id", "name"),
        Index("uq_presets_standard", "tenant_id", "owner_id", unique=True, postgresql_where=text("standard")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str]
    draft: Mapped[dict[str, Any]]
    standard: Mapped[bool] = mapped_column(server_default=text("false"))
    """What the form starts with."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PromptUse(Tenanted, Dated, Base):
    """A prompt as somebody wrote it, once each; `used_at` goes up with each use."""

    __tablename__ = "prompt_uses"
    __table_args__ = (
        tenant_key(),
        tenant_key("user_id", "digest"),
        Index(None, "tenant_id", "used_at"),
        Index(None, "tenant_id", "user_id", "used_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[str]
    """SHA-256 of prompt and negative prompt."""
    prompt: Mapped[str]
    negative: Mapped[str] = mapped_column(server_default="")
    uses: Mapped[int] = mapped_column(server_default="1")
    used_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class UnsavedForm(Tenanted, Dated, Base):
    """What a user typed into a form of Create: it survives leaving the page, a reload and a sign-out."""

    __tablename__ = "unsaved_forms"
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    draft: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
