"""Runs of automatic captioning, and their result for each picture."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class CaptionRun(Tenanted, Dated, Base):
    """One run over a dataset. Its state is its job's; its figures are counted from its results."""

    __tablename__ = "caption_runs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        CheckConstraint(one_of("captioner", "vision", "blip", "template"), name="captioner"),
        CheckConstraint("total >= 0 AND kept >= 0", name="counts"),
        Index(None, "tenant_id", "dataset_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    job_id: Mapped[str]
    """Without a foreign key: jobs are deleted earlier."""
    edit_id: Mapped[str]
    """The entry of the dataset's log that undoes the whole run; written with the first caption."""
    captioner: Mapped[str]
    rules: Mapped[dict[str, Any]]
    """The request (`datasets.CaptionOrder`)."""
    preview: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the captions were only shown and not written."""
    total: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures to caption; known from the run's first step on."""
    kept: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures of the request whose captions the rule leaves as they are."""
    created_by: Mapped[str | None]


class CaptionResult(Tenanted, Dated, Base):
    """One picture of one run. While the row exists the picture is finished and paid for."""

    __tablename__ = "caption_results"
    __table_args__ = (
        tenant_fk("run_id", "caption_runs", ondelete="CASCADE"),
        tenant_fk("image_id", "dataset_images", ondelete="CASCADE"),
        CheckConstraint(one_of("outcome", "written", "kept", "refused", "shown"), name="outcome"),
        CheckConstraint("cost_usd >= 0", name="cost"),
        Index(None, "tenant_id", "image_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    caption: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    """Why there is no caption, why the old one was kept, or what was corrected in the new one."""
    doubts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Sentences about what a person should check."""
    before: Mapped[str] = mapped_column(server_default="")
    before_source: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default=text("0"))
    """The caption's version after the run."""
    model: Mapped[str] = mapped_column(server_default="")
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default=text("0"))
