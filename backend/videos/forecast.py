"""How long a video will take: by its frames and their size, and how fast this installation made videos lately."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import jobs
from backend.jobs import Duration, Work
from backend.videos.recipe import VideoRecipe

START_S, MPX_S = 1.0, 0.045
"""Seconds of a camera move on two idle processor cores: fixed costs, and per million pixels of its frames."""
CAMERA = "camera"


def video_work(recipe: VideoRecipe) -> Work:
    """The work of one video. All camera moves share one history; motion models have one each."""
    drawn = recipe.frames * recipe.width * recipe.height / 1e6
    if recipe.device:
        return Work("film", recipe.model, drawn * recipe.steps, measured=False)
    return Work("film", CAMERA, START_S + MPX_S * drawn)


def estimate(tx: Session, recipes: list[VideoRecipe]) -> Duration | None:
    """Time for all of them, one after another; None: one of them was never made here."""
    durations = [jobs.estimate(tx, video_work(recipe)) for recipe in recipes]
    seconds = [duration.seconds for duration in durations if duration]
    return Duration(sum(seconds)) if len(seconds) == len(recipes) else None
