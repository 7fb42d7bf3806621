"""Captions written by a machine: each run, and what became of each picture in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key, words


class CaptionRun(Tenanted, Dated, Base):
    """One wish to caption a dataset. How it stands is its job's business; the figures are counted from its results."""

    __tablename__ = "caption_runs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        CheckConstraint(words("captioner", "vision", "blip", "template"), name="captioner"),
        CheckConstraint("total >= 0 AND kept >= 0", name="counts"),
        Index(None, "tenant_id", "dataset_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    job_id: Mapped[str]
    """Named without a reference: jobs are forgotten earlier."""
    edit_id: Mapped[str]
    """Of the act in the dataset's log that takes the whole run back; written with the first caption."""
    captioner: Mapped[str]
    rules: Mapped[dict[str, Any]]
    """The order as it was asked for (`datasets.CaptionOrder`)."""
    preview: Mapped[bool] = mapped_column(server_default=text("false"))
    """Only shown: no caption was changed."""
    total: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures to look at; known from the run's first step on."""
    kept: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures the wish was about whose captions the rule leaves as they are."""
    created_by: Mapped[str | None]


class CaptionResult(Tenanted, Dated, Base):
    """One picture of one run. It is there: the picture is done with, and was paid."""

    __tablename__ = "caption_results"
    __table_args__ = (
        tenant_fk("run_id", "caption_runs", ondelete="CASCADE"),
        tenant_fk("image_id", "dataset_images", ondelete="CASCADE"),
        CheckConstraint(words("outcome", "written", "kept", "refused", "shown"), name="outcome"),
        CheckConstraint("cost_usd >= 0", name="cost"),
        Index(None, "tenant_id", "image_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    caption: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    """Why there is no caption, why the old one was kept, or what was put right in the new one."""
    doubts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Sentences on what a person should look at."""
    before: Mapped[str] = mapped_column(server_default="")
    before_source: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default=text("0"))
    """The caption version that the run left."""
    model: Mapped[str] = mapped_column(server_default="")
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default=text("0"))
