"""How long a clip will take, from how long clips took: per frame and pixel, so that sizes compare."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.engines.motion.port import MotionCard
from backend.tables import Clip, Job
from backend.video.rules import first_guess

_LOOKED_AT = 20


def estimate(
    tx: Session, *, card: MotionCard, frames: int, width: int, height: int, steps: int = 20, n: int = 1
) -> float | None:
    """Seconds for `n` clips, one after another; None: nothing to go by. All camera moves take alike."""
    recipe = Clip.recipe
    same = recipe["model"].astext == card.name if card.device else recipe["device"].astext == ""
    work = recipe["width"].as_integer() * recipe["height"].as_integer() * recipe["frames"].as_integer()
    amount = frames * width * height
    if card.device:
        work, amount = work * recipe["steps"].as_integer(), amount * steps
    took = func.extract("epoch", Job.finished_at - Job.started_at) / work
    recent = select(took).join(Clip, Clip.job_id == Job.id).where(Job.state == "completed", same)
    rates = sorted(float(rate) for rate in tx.scalars(recent.order_by(Job.id.desc()).limit(_LOOKED_AT)) if rate)
    if rates:
        return rates[len(rates) // 2] * amount * n
    guess = first_guess(card, frames, width, height)
    return guess * n if guess else None
