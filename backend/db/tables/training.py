"""Training runs: parameters, a snapshot of what was trained on, figures, samples, checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key


class TrainingRun(Tenanted, Dated, Base):
    __tablename__ = "training_runs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
        tenant_fk("job_id", "jobs"),
        tenant_fk("lora_id", "loras", ondelete="SET NULL"),
        tenant_fk("copied_from_run_id", "training_runs", ondelete="SET NULL"),
        tenant_fk("continued_from_run_id", "training_runs", ondelete="SET NULL"),
        tenant_fk("start_asset_id", "assets", ondelete="SET NULL"),
        tenant_fk("start_state_asset_id", "assets", ondelete="SET NULL"),
        Index(None, "tenant_id", "dataset_id", "id"),
        Index(None, "tenant_id", "influencer_id", "id"),
        Index(None, "tenant_id", "continued_from_run_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    """Name of the LoRA it makes."""
    dataset_id: Mapped[str]
    influencer_id: Mapped[str | None]
    job_id: Mapped[str | None]
    model: Mapped[str]
    preset: Mapped[str]
    params: Mapped[dict[str, Any]]
    snapshot: Mapped[list[Any]]
    """[{"asset_id", "key", "caption"}] as they were when it was asked for; while it waits or works it uses these assets."""
    sample_prompts: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    trigger_word: Mapped[str] = mapped_column(server_default="")
    loss_first: Mapped[float | None]
    """Mean over 32 fixed noise and timestep draws before training; kohya: over its first 32 steps."""
    loss_last: Mapped[float | None]
    lora_id: Mapped[str | None]
    copied_from_run_id: Mapped[str | None]
    """The run whose settings filled the form."""
    continued_from_run_id: Mapped[str | None]
    continued_from_step: Mapped[int | None]
    start_asset_id: Mapped[str | None]
    """The LoRA whose weights it begins with: that checkpoint's file."""
    start_state_asset_id: Mapped[str | None]
    """The optimizer's moments at that step, when they were still there."""
    notes: Mapped[str] = mapped_column(server_default="")


class TrainingPoint(Tenanted, Base):
    __tablename__ = "training_points"
    __table_args__ = (tenant_fk("run_id", "training_runs", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    loss: Mapped[float]
    lr: Mapped[float]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class TrainingSample(Tenanted, Dated, Base):
    __tablename__ = "training_samples"
    __table_args__ = (tenant_fk("run_id", "training_runs", ondelete="CASCADE"), tenant_fk("asset_id", "assets"))
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    prompt: Mapped[str]
    asset_id: Mapped[str]


class TrainingCheckpoint(Tenanted, Dated, Base):
    __tablename__ = "training_checkpoints"
    __table_args__ = (
        tenant_fk("run_id", "training_runs", ondelete="CASCADE"),
        tenant_fk("asset_id", "assets"),
        tenant_fk("state_asset_id", "assets"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[str]
    state_asset_id: Mapped[str | None]
    """What training resumes from; kept for the latest checkpoint only."""
    final: Mapped[bool] = mapped_column(server_default=text("false"))
