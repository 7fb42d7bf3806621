"""How long drawing will take, from the size of the work and how fast this installation drew with the model lately."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import Picture
from backend.engines.ports.identity_rules import passes
from backend.engines.ports.image import ModelCard
from backend.generation.recipe import PictureRecipe
from backend.jobs import Duration, Work

DRAW = "draw"
ROUND_S, PICTURE_S, STEP_S, LOAD_S = 0.35, 0.05, 0.022, 6.0
"""Seconds of the bundled model on two idle processor cores: per request, per picture, per step of 128 x 128 px, to load it."""


def drawing_work(
    recipes: Sequence[PictureRecipe], models: Sequence[ModelCard], *, device: str, cold: bool, keeps_s: float = 0.0
) -> Work:
    """The work of drawing one picture of each recipe. Its cost is in seconds for the bundled model on a processor, else in
    pictures of the model's own size at 20 steps. `device`: as its worker calls it; `keeps_s`: how long the engine keeps a
    model loaded.
    """
    cards = {card.name: card for card in models}
    names = sorted({recipe.model for recipe in recipes})
    used_cards = [cards[name] for name in names if name in cards]
    measured = len(used_cards) == len(names) and all(_measured(card, device) for card in used_cards)
    if measured:
        cost = ROUND_S + sum(PICTURE_S + STEP_S * _steps(recipe, cards.get(recipe.model), side=128) for recipe in recipes)
    else:
        cost = sum(0.1 + _steps(recipe, cards.get(recipe.model), side=_side(recipe, cards)) / 20 for recipe in recipes)
    return Work(DRAW, " + ".join(names), cost, measured, cold, keeps_s)


def estimate(tx: Session, recipes: Sequence[PictureRecipe], models: Sequence[ModelCard], *, ahead: int = 0) -> Duration | None:
    """Time to draw one picture of each; None: one of their models was never used here. `ahead`: requests that run before, and
    load the model.
    """
    names = {recipe.model for recipe in recipes}
    cold = not ahead and not (len(names) == 1 and jobs.model_loaded(tx, *names))
    return jobs.estimate(
        tx, drawing_work(recipes, models, device=jobs.device_summary(tx, "image").name, cold=cold), load_s=LOAD_S
    )


def drawing_seconds(tx: Session, model: ModelCard, *, n: int) -> float | None:
    """Seconds that `n` pictures as the model recommends them take once it is loaded; None: it was never used here."""
    measured = _measured(model, jobs.device_summary(tx, "image").name)
    each = PICTURE_S + STEP_S * model.steps * (model.side / 128) ** 2 if measured else 0.1 + model.steps / 20
    if not jobs.has_history(tx, DRAW, model.name):
        return None
    duration = jobs.estimate(tx, Work(DRAW, model.name, each * n, measured))
    return duration.seconds if duration else None


def pass_rate(tx: Session, influencer_id: str) -> float | None:
    """Share of the influencer's newest 40 scored pictures that look like them (their threshold then); None: fewer than 5."""
    scored = Picture.influencer_id == influencer_id, Picture.identity_score.is_not(None), Picture.identity_line.is_not(None)
    newest = select(Picture.identity_score, Picture.identity_line).where(*scored, Picture.deleted_at.is_(None))
    rows = tx.execute(newest.order_by(Picture.id.desc()).limit(40)).all()
    passed = [passes(score, line) for score, line in rows if score is not None and line is not None]
    return sum(passed) / len(passed) if len(passed) >= 5 else None


def _measured(model: ModelCard, device: str) -> bool:
    return model.base.startswith("starter") and device in ("", "cpu")


def _steps(recipe: PictureRecipe, card: ModelCard | None, *, side: int) -> float:
    """Denoising steps of a picture of `side` px that cost as much: scaled by area, second pass, and guidance (which doubles the
    passes through the network).
    """
    area = recipe.width * recipe.height / side**2
    if recipe.mask_asset_id and card:  # of a large picture only the part is drawn
        area = min(area, max(card.side, card.longest_px) ** 2 / side**2)
    done = recipe.steps * (recipe.strength if recipe.init_asset_id else 1.0)
    second_pass = recipe.second_pass
    return (
        max(done, 1.0)
        * area
        * (1 + second_pass.scale**2 * second_pass.strength if second_pass else 1)
        * (1.0 if recipe.cfg > 1 else 0.5)
    )


def _side(recipe: PictureRecipe, cards: dict[str, ModelCard]) -> int:
    return cards[recipe.model].side if recipe.model in cards else 512
