"""How long drawing will take, from how long it took: per step and pixel, so that sizes compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.generation.recipe import Recipe
from backend.tables import Generation, Job

_LOOKED_AT = 20


def estimate(tx: Session, *, model: str, steps: int, n: int, width: int = 0, height: int = 0) -> float | None:
    """Seconds that `n` pictures of `steps` steps will take, from the last 20 finished requests; None: nothing to go by.

    Without a size: as large as those were.
    """
    rate = _rate(tx, model, by_pixel=bool(width and height))
    return rate * steps * n * (width * height or 1) if rate else None


def estimate_all(tx: Session, recipes: Sequence[Recipe]) -> float | None:
    """Seconds for one picture of each; None when a model among them was never used here."""
    work = Counter[str]()
    for recipe in recipes:
        again = recipe.second_pass
        passes = 1 + again.scale**2 * again.strength if again else 1
        work[recipe.model] += round(recipe.steps * recipe.width * recipe.height * passes)
    total = 0.0
    for model, amount in work.items():
        if (rate := _rate(tx, model, by_pixel=True)) is None:
            return None
        total += rate * amount
    return total


def _rate(tx: Session, model: str, *, by_pixel: bool) -> float | None:
    """Median seconds a step (and pixel) of a picture. Lists and grids give way to others while they run: they do not count."""
    recipe = Generation.recipe
    work = recipe["steps"].as_integer() * func.jsonb_array_length(recipe["seeds"])
    if by_pixel:
        work = work * recipe["width"].as_integer() * recipe["height"].as_integer()
    recent = (
        select(func.extract("epoch", Job.finished_at - Job.started_at) / work)
        .join(Generation, Generation.job_id == Job.id)
        .where(Job.state == "completed", Generation.form == "pictures", recipe["model"].astext == model)
        .where(*(recipe[name].astext.is_(None) for name in ("mask_asset_id", "second_pass", "workflow")))
        .where(recipe["steps"].as_integer() > 0)
        .order_by(Job.id.desc())
        .limit(_LOOKED_AT)
    )
    rates = sorted(float(rate) for rate in tx.scalars(recent) if rate)
    return rates[len(rates) // 2] if rates else None
