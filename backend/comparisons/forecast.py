"""How long a comparison takes: from earlier ones, from pictures drawn, else from how fast the run itself trained."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import generation, jobs
from backend.comparisons.schemas import Estimate
from backend.db.tables import Job, TrainingPoint, TrainingRun, Trial, TrialCell
from backend.engines.image.port import ModelCard

_LOOKED_AT = 5
_PASSES = 3
"""Of a picture through the network that a training step takes: forward, and twice as much backward."""
_AROUND_S = 20.0
"""Loading the model and scoring the pictures."""
STARTER_PASS_S = 0.02
"""One picture of 128 px once through the bundled network, measured on two busy processor cores."""


def takes(tx: Session, *, run_id: str, model: ModelCard, pictures: int) -> Estimate | None:
    """Of that many pictures with the run's checkpoints; None: nothing to go by."""
    if rate := _compared(tx, model):
        return Estimate(rate * pictures, "comparisons")
    if drawn := generation.drawing_s(tx, model, n=pictures):
        return Estimate(drawn + _AROUND_S, "pictures")
    passes = pictures * model.steps * (2 if model.cfg > 1 else 1)
    if one := _trained(tx, run_id, model):
        return Estimate(passes * one + _AROUND_S, "training")
    if model.base.startswith("starter") and not jobs.device_summary(tx, "image").vram_mb:
        return Estimate(passes * STARTER_PASS_S * (model.side / 128) ** 2 + _AROUND_S, "elsewhere")
    return None


def _compared(tx: Session, model: ModelCard) -> float | None:
    """Median seconds a picture of the last finished comparisons with this model."""
    drawn = select(func.count()).where(TrialCell.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    rates = tx.scalars(
        select(func.extract("epoch", Job.finished_at - Job.started_at) / func.nullif(drawn, 0))
        .select_from(Trial)
        .join(Job, Job.id == Trial.job_id)
        .where(Job.state == "completed", Trial.plan["model"].astext == model.name)
        .order_by(Trial.id.desc())
        .limit(_LOOKED_AT)
    )
    known = sorted(float(rate) for rate in rates if rate)
    return known[len(known) // 2] if known else None


def _trained(tx: Session, run_id: str, model: ModelCard) -> float | None:
    """Seconds that one picture of the model's own size once through it takes, from the run's steps on this machine."""
    span = func.extract("epoch", func.max(TrainingPoint.at) - func.min(TrainingPoint.at))
    steps = func.max(TrainingPoint.step) - func.min(TrainingPoint.step)
    found = tx.execute(select(span, steps).where(TrainingPoint.run_id == run_id)).one()
    params = tx.scalars(select(TrainingRun.params).where(TrainingRun.id == run_id)).one()
    if not found[1] or not found[0] or float(found[0]) < 1:
        return None
    area = (model.side / int(params["resolution"])) ** 2
    return float(found[0]) / int(found[1]) / (_PASSES * int(params["batch"])) * area
