"""Asking for clips: what will be filmed of each picture is fixed, and each becomes one job."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, generation, jobs, loras
from backend.db.tables import Clip, Job, Picture
from backend.engines.image.port import ModelCard
from backend.engines.motion.port import MotionCard
from backend.errors import Conflict, Invalid, NotFound
from backend.generation import LoraRef, PictureCard, lift_loras
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.loras import LoraCard
from backend.videos import forecast, rules
from backend.videos.queries import get
from backend.videos.recipe import ClipRecipe
from backend.videos.schemas import MAX_SEED, MOST_AT_ONCE, ClipCard, ClipDraft, ClipPayload, VideoOrder


@dataclass(frozen=True, slots=True)
class Plan:
    """What `animate` would make. `seconds` None: nothing to go by. `soft`: pictures much smaller than their film."""

    recipes: list[ClipRecipe]
    seconds: float | None
    soft: int


def animate(
    tx: Session,
    *,
    picture_ids: Sequence[str],
    draft: ClipDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
    request_key: str,
) -> list[ClipCard]:
    """One clip of each picture, each a job of its own; the same `request_key` returns the first ones.

    `models`: `app.engines.motion.models()`, `checkpoints`: `app.engines.image.models()`. Raises Invalid, NotFound,
    NotPermitted.
    """
    ids = _few(picture_ids)
    if first := jobs.find_by_key(tx, _key(request_key, 0)):
        return _first(tx, first, request_key)
    pictures = _pictures(tx, ids)
    recipes = _recipes(tx, pictures, draft, models, checkpoints)
    made = [
        _begin(tx, picture, recipe, _key(request_key, n))
        for n, (picture, recipe) in enumerate(zip(pictures, recipes, strict=True))
    ]
    return [get(tx, clip_id) for clip_id in made]


def plan(
    tx: Session,
    *,
    picture_ids: Sequence[str],
    draft: ClipDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
) -> Plan:
    """What `animate` would make, and how long it takes. Raises Invalid, NotFound."""
    pictures = _pictures(tx, _few(picture_ids))
    recipes = _recipes(tx, pictures, draft, models, checkpoints)
    takes = forecast.takes(tx, recipes)
    soft = sum(
        rules.small(picture.width, picture.height, (recipe.width, recipe.height), recipe.format)
        for picture, recipe in zip(pictures, recipes, strict=True)
    )
    return Plan(recipes, takes.seconds if takes else None, soft)


def order(
    tx: Session, *, order: VideoOrder, models: Sequence[MotionCard], checkpoints: Sequence[ModelCard], request_key: str
) -> ClipCard:
    """As a program asks for it, by the picture or its file. Raises Invalid, NotFound."""
    draft, picture_id = of_order(tx, order)
    [card] = animate(tx, picture_ids=[picture_id], draft=draft, models=models, checkpoints=checkpoints, request_key=request_key)
    return card


def of_order(tx: Session, order: VideoOrder) -> tuple[ClipDraft, str]:
    """(the draft, the picture's id). Raises NotFound."""
    draft = ClipDraft(**{name: value for name, value in order if name in ClipDraft.model_fields})
    if order.picture_id:
        return draft, order.picture_id
    found = tx.scalar(select(Picture.id).where(Picture.asset_id == order.asset_id, Picture.deleted_at.is_(None)).limit(1))
    if found is None:
        raise NotFound("This file is no picture of the gallery. Bring it in there first, then animate it.")
    return draft, str(found)


def _few(picture_ids: Sequence[str]) -> list[str]:
    ids = list(dict.fromkeys(picture_ids))
    if not ids:
        raise Invalid("Choose at least one picture.")
    if len(ids) > MOST_AT_ONCE:
        raise Invalid(f"These are {len(ids)} pictures; at most {MOST_AT_ONCE} become videos at once. Choose fewer.")
    return ids


def _key(request_key: str, n: int) -> str:
    return f"{request_key}/{n}" if n else request_key


def _first(tx: Session, first: JobCard, request_key: str) -> list[ClipCard]:
    if first.subject_noun != "clip":
        raise Conflict("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
    keys = [_key(request_key, n) for n in range(MOST_AT_ONCE)]
    ids = tx.scalars(select(Clip.id).join(Job, Job.id == Clip.job_id).where(Job.request_key.in_(keys)).order_by(Clip.id))
    return [get(tx, clip_id) for clip_id in ids]


def _pictures(tx: Session, ids: Sequence[str]) -> list[PictureCard]:
    found = generation.pictures(tx, ids)
    if len(found) < len(ids):
        raise NotFound("One of these pictures does not exist here any more. Load the gallery again.")
    return found


def _recipes(
    tx: Session,
    pictures: Sequence[PictureCard],
    draft: ClipDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
) -> list[ClipRecipe]:
    card = rules.choose(models, draft.model)
    rules.follows(draft, card)
    frames, fps = rules.length(draft, card)
    lifted = lift_loras(draft.prompt)
    base = _checkpoint(card, draft, checkpoints)
    used = _loras(tx, draft, lifted.loras, card, base) if card.prompts else []
    made = []
    for picture in pictures:
        width, height = rules.size(picture.width, picture.height, draft)
        # Somebody's own picture stays that under a moving camera, and becomes partly a model's where that draws.
        marked = picture.recipe.ai_mark or (picture.source == "imported" and bool(card.device))
        made.append(
            ClipRecipe(
                model=card.name, title=card.title, device=card.device, format=draft.format, focus=draft.focus, side=draft.side,
                width=width, height=height, frames=frames, fps=fps, movement=draft.movement,
                prompt=(lifted.prompt or picture.prompt) if card.prompts else "",
                negative_prompt=draft.negative_prompt if card.prompts else "",
                checkpoint=base.name if base else "", steps=draft.steps, cfg=draft.cfg or 0.0,
                seed=draft.seed if draft.seed >= 0 else secrets.randbelow(MAX_SEED + 1), loras=used, ai_mark=marked,
            )
        )  # fmt: skip
    return made


def _checkpoint(card: MotionCard, draft: ClipDraft, checkpoints: Sequence[ModelCard]) -> ModelCard | None:
    if not card.checkpoint:
        return None
    fit = [one for one in checkpoints if one.base == card.base]
    if found := next((one for one in fit if draft.checkpoint in ("", one.name)), None):
        return found
    if not fit:
        raise Invalid(
            f"{card.title} moves a checkpoint of the family {card.base}, and the image engine has none. Add one there."
        )
    raise Invalid(f"{card.title} cannot move {draft.checkpoint!r}. It can: {', '.join(one.name for one in fit)}.")


def _loras(
    tx: Session, draft: ClipDraft, lifted: Sequence[tuple[str, float]], card: MotionCard, base: ModelCard | None
) -> list[LoraRef]:
    """Picked ones, then those written in the prompt (their weight wins); each of the checkpoint's family."""
    cards: list[tuple[LoraCard, float]] = [(loras.get(tx, pick.lora_id), pick.weight) for pick in draft.loras]
    cards += [(loras.by_name(tx, name), weight) for name, weight in lifted]
    if cards and base is None:
        raise Invalid(f"{card.title} takes no LoRA. Draw the picture with it, then animate that picture.")
    for one, _ in cards:
        assert base is not None
        loras.check_base(one, base)
    refs = {one.id: LoraRef(lora_id=one.id, name=one.name, weight=weight) for one, weight in cards}
    return list(refs.values())


def _begin(tx: Session, picture: PictureCard, recipe: ClipRecipe, request_key: str) -> str:
    row = Clip(id=new_id("clip"), picture_id=picture.id, influencer_id=picture.influencer_id, format=recipe.format)
    row.recipe, row.created_by = recipe.model_dump(), tx.info.get("user_id")
    job = jobs.enqueue(
        tx,
        kind="video-generation-gpu" if recipe.device else "video-generation",
        payload=ClipPayload(clip_id=row.id, model=recipe.checkpoint),
        title=f"{recipe.title}: {picture.prompt[:60] or 'video of a picture'}",
        request_key=request_key,
        subject=("clip", row.id),
    )
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    assets.use(tx, picture.asset_id, "clip", row.id)
    return row.id
