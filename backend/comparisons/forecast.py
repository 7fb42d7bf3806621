"""How long a comparison takes: by earlier comparisons, by pictures drawn before, else by how fast the run itself trained."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import generation, jobs
from backend.comparisons.schemas import ComparisonEstimate
from backend.db.tables import Job, TrainingPoint, TrainingRun, Trial, TrialCell
from backend.engines.ports.image import ModelCard

_EARLIER_COMPARISONS = 5
_PASSES_PER_TRAINING_STEP = 3
"""A training step costs as much as three passes of a picture through the network: one forward, two for the gradients."""
_OVERHEAD_S = 20.0
"""Seconds for loading the model and scoring the pictures."""
STARTER_PASS_S = 0.02
"""Seconds of one pass of a 128 px picture through the bundled network, measured on two busy processor cores."""


def estimate(tx: Session, *, run_id: str, model: ModelCard, pictures: int) -> ComparisonEstimate | None:
    """Time to draw `pictures` with the run's versions; None: nothing to go by."""
    if rate := _seconds_per_picture(tx, model):
        return ComparisonEstimate(rate * pictures, "comparisons")
    if drawn_s := generation.drawing_seconds(tx, model, n=pictures):
        return ComparisonEstimate(drawn_s + _OVERHEAD_S, "pictures")
    passes = pictures * model.steps * (2 if model.cfg > 1 else 1)
    if seconds_per_pass := _seconds_per_pass(tx, run_id, model):
        return ComparisonEstimate(passes * seconds_per_pass + _OVERHEAD_S, "training")
    if model.base.startswith("starter") and not jobs.device_summary(tx, "image").vram_mb:
        return ComparisonEstimate(passes * STARTER_PASS_S * (model.side / 128) ** 2 + _OVERHEAD_S, "elsewhere")
    return None


def _seconds_per_picture(tx: Session, model: ModelCard) -> float | None:
    """Median seconds a picture of the last finished comparisons with this model."""
    drawn = select(func.count()).where(TrialCell.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    rates = tx.scalars(
        select(func.extract("epoch", Job.finished_at - Job.started_at) / func.nullif(drawn, 0))
        .select_from(Trial)
        .join(Job, Job.id == Trial.job_id)
        .where(Job.state == "completed", Trial.plan["model"].astext == model.name)
        .order_by(Trial.id.desc())
        .limit(_EARLIER_COMPARISONS)
    )
    sorted_rates = sorted(float(rate) for rate in rates if rate)
    return sorted_rates[len(sorted_rates) // 2] if sorted_rates else None


def _seconds_per_pass(tx: Session, run_id: str, model: ModelCard) -> float | None:
    """Seconds of one pass of a picture of the model's own size, from how fast the run trained; None: it saved too few
    points."""
    span = func.extract("epoch", func.max(TrainingPoint.at) - func.min(TrainingPoint.at))
    steps = func.max(TrainingPoint.step) - func.min(TrainingPoint.step)
    measured = tx.execute(select(span, steps).where(TrainingPoint.run_id == run_id)).one()
    params = tx.scalars(select(TrainingRun.params).where(TrainingRun.id == run_id)).one()
    if not measured[1] or not measured[0] or float(measured[0]) < 1:
        return None
    area = model.side**2 / (int(params["resolution"]) * int(params.get("resolution_height") or params["resolution"]))
    return float(measured[0]) / int(measured[1]) / (_PASSES_PER_TRAINING_STEP * int(params["batch"])) * area
