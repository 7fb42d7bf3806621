"""Checkpoint trials: what was compared, a picture per cell, and who preferred which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Trial(Tenanted, Dated, Base):
    __tablename__ = "trials"
    __table_args__ = (
        tenant_key(),
        tenant_fk("run_id", "training_runs", ondelete="CASCADE"),
        tenant_fk("job_id", "jobs"),
        tenant_fk("grid_asset_id", "assets"),
        Index(None, "tenant_id", "run_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    job_id: Mapped[str | None]
    plan: Mapped[dict[str, Any]]
    """backend.comparisons.schemas.Plan: checkpoints, strengths, prompts, seeds, and the model's own values."""
    judged: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Which judge scored the cells and why something has no number; empty until they were judged."""
    grid_asset_id: Mapped[str | None]
    """The labelled grid, as exported last."""
    created_by: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class TrialCell(Tenanted, Dated, Base):
    """One picture. `step` 0 and `strength` 0: drawn without a LoRA, to compare with."""

    __tablename__ = "trial_cells"
    __table_args__ = (
        tenant_key(),
        tenant_key("trial_id", "n"),
        tenant_fk("trial_id", "trials", ondelete="CASCADE"),
        tenant_fk("asset_id", "assets"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    trial_id: Mapped[str]
    n: Mapped[int]
    step: Mapped[int]
    strength: Mapped[float]
    prompt_n: Mapped[int]
    seed_n: Mapped[int]
    asset_id: Mapped[str]
    dhash: Mapped[str]
    identity: Mapped[float | None]
    """0..1, how much of the face is there; None: not judged."""
    adherence: Mapped[float | None]
    """0..1, share of what the prompt names and the judge knows; None: nothing to judge by."""
    seen: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What the judge saw of what was asked: {"place": ["at the beach", true], …}."""


class TrialVote(Tenanted, Dated, Base):
    """One person's choice between two pictures of the same prompt and seed, labels hidden."""

    __tablename__ = "trial_votes"
    __table_args__ = (
        tenant_key(),
        tenant_fk("trial_id", "trials", ondelete="CASCADE"),
        tenant_fk("left_id", "trial_cells", ondelete="CASCADE"),
        tenant_fk("right_id", "trial_cells", ondelete="CASCADE"),
        CheckConstraint(one_of("choice", "left", "right", "tie", "skip"), name="choice"),
        Index(None, "tenant_id", "trial_id", "user_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    trial_id: Mapped[str]
    user_id: Mapped[str]
    left_id: Mapped[str]
    right_id: Mapped[str]
    choice: Mapped[str]
