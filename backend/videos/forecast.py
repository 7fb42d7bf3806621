"""How long a clip will take: its frames and their size, at the pace this installation made clips lately."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import jobs
from backend.jobs import Duration, Work
from backend.videos.recipe import ClipRecipe

START_S, MPX_S = 1.0, 0.045
"""A camera move on two quiet processor cores: to begin and to deliver, and a million pixels of its frames."""
CAMERA = "camera"


def work(recipe: ClipRecipe) -> Work:
    """One clip. All camera moves take alike; what a model draws is compared with the same model alone."""
    drawn = recipe.frames * recipe.width * recipe.height / 1e6
    if recipe.device:
        return Work("film", recipe.model, drawn * recipe.steps, measured=False)
    return Work("film", CAMERA, START_S + MPX_S * drawn)


def takes(tx: Session, recipes: list[ClipRecipe]) -> Duration | None:
    """All of them, one after another; None: nothing to go by."""
    each = [jobs.estimate(tx, work(recipe)) for recipe in recipes]
    known = [one.seconds for one in each if one]
    return Duration(sum(known)) if len(known) == len(recipes) else None
