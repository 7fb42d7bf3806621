"""Requests for videos: a recipe is fixed for each picture, each becomes one job, and how long they will take is known
before."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, generation, jobs, loras
from backend.db.tables import Clip, Job, Picture
from backend.engines.ports.image import ModelCard
from backend.engines.ports.motion import MotionCard
from backend.errors import Conflict, Invalid, NotFound
from backend.generation import LoraRef, PictureCard, extract_loras
from backend.jobs import Duration, JobCard, Work
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.loras import LoraCard
from backend.videos import rules
from backend.videos.queries import get
from backend.videos.schemas import MAX_PICTURES, MAX_SEED, VideoCard, VideoDraft, VideoOrder, VideoPayload, VideoRecipe

START_S, MPX_S = 1.0, 0.045
"""Seconds of a camera move on two idle processor cores: fixed costs, and per million pixels of its frames."""
CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class VideoPreview:
    """What `animate` would make. `seconds`: estimated time, None: nothing to go by. `soft`: how many pictures are much smaller
    than their video, which will look soft.
    """

    recipes: list[VideoRecipe]
    seconds: float | None
    soft: int


def animate(
    tx: Session,
    *,
    picture_ids: Sequence[str],
    draft: VideoDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
    request_key: str,
) -> list[VideoCard]:
    """Starts one video of each picture, each a job of its own; the same `request_key` returns the first ones.

    `models`: `app.engines.motion.models()`, `checkpoints`: `app.engines.image.models()`. Raises Invalid, NotFound,
    NotPermitted.
    """
    ids = _distinct_ids(picture_ids)
    if first_job := jobs.find_by_key(tx, _key(request_key, 0)):
        return _first_videos(tx, first_job, request_key)
    pictures = _pictures(tx, ids)
    recipes = _recipes(tx, pictures, draft, models, checkpoints)
    clip_ids = [
        _start(tx, picture, recipe, _key(request_key, n))
        for n, (picture, recipe) in enumerate(zip(pictures, recipes, strict=True))
    ]
    return [get(tx, clip_id) for clip_id in clip_ids]


def preview(
    tx: Session,
    *,
    picture_ids: Sequence[str],
    draft: VideoDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
) -> VideoPreview:
    """What `animate` would make, and how long it takes. Raises Invalid, NotFound."""
    pictures = _pictures(tx, _distinct_ids(picture_ids))
    recipes = _recipes(tx, pictures, draft, models, checkpoints)
    duration = estimate(tx, recipes)
    soft = sum(
        rules.looks_soft(picture.width, picture.height, (recipe.width, recipe.height), recipe.format)
        for picture, recipe in zip(pictures, recipes, strict=True)
    )
    return VideoPreview(recipes, duration.seconds if duration else None, soft)


def start_order(
    tx: Session, *, order: VideoOrder, models: Sequence[MotionCard], checkpoints: Sequence[ModelCard], request_key: str
) -> VideoCard:
    """Starts one video as the API asks for it, by the picture or its asset. Raises Invalid, NotFound."""
    draft, picture_id = draft_of_order(tx, order)
    [card] = animate(tx, picture_ids=[picture_id], draft=draft, models=models, checkpoints=checkpoints, request_key=request_key)
    return card


def draft_of_order(tx: Session, order: VideoOrder) -> tuple[VideoDraft, str]:
    """(the draft, the picture's id). Raises NotFound."""
    draft = VideoDraft(**{name: value for name, value in order if name in VideoDraft.model_fields})
    if order.picture_id:
        return draft, order.picture_id
    picture_id = tx.scalar(select(Picture.id).where(Picture.asset_id == order.asset_id, Picture.deleted_at.is_(None)).limit(1))
    if picture_id is None:
        raise NotFound(tr_lazy("This file is not in the gallery. Import it there first, then animate it."))
    return draft, str(picture_id)


def _distinct_ids(picture_ids: Sequence[str]) -> list[str]:
    ids = list(dict.fromkeys(picture_ids))
    if not ids:
        raise Invalid(tr_lazy("Choose at least one picture."))
    if len(ids) > MAX_PICTURES:
        raise Invalid(
            tr_lazy(
                "These are {n} pictures; at most {max_pictures} become videos at once. Choose fewer.",
                n=len(ids),
                max_pictures=MAX_PICTURES,
            )
        )
    return ids


def _key(request_key: str, n: int) -> str:
    return f"{request_key}/{n}" if n else request_key


def _first_videos(tx: Session, first_job: JobCard, request_key: str) -> list[VideoCard]:
    if first_job.subject_noun != "clip":
        raise Conflict(
            tr_lazy("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
        )
    keys = [_key(request_key, n) for n in range(MAX_PICTURES)]
    ids = tx.scalars(select(Clip.id).join(Job, Job.id == Clip.job_id).where(Job.request_key.in_(keys)).order_by(Clip.id))
    return [get(tx, clip_id) for clip_id in ids]


def _pictures(tx: Session, ids: Sequence[str]) -> list[PictureCard]:
    cards = generation.pictures(tx, ids)
    if len(cards) < len(ids):
        raise NotFound(tr_lazy("One of these pictures does not exist here any more. Load the gallery again."))
    return cards


def _recipes(
    tx: Session,
    pictures: Sequence[PictureCard],
    draft: VideoDraft,
    models: Sequence[MotionCard],
    checkpoints: Sequence[ModelCard],
) -> list[VideoRecipe]:
    card = rules.choose_model(models, draft.model)
    rules.check_supported(draft, card)
    frames, fps = rules.length(draft, card)
    extracted = extract_loras(draft.prompt)
    base = _checkpoint(card, draft, checkpoints)
    lora_refs = _loras(tx, draft, extracted.loras, card, base) if card.prompts else []
    recipes = []
    for picture in pictures:
        width, height = rules.size(picture.width, picture.height, draft)
        not_cut = not rules.is_cut(picture.width, picture.height, draft.format)
        # A camera move does not make an imported picture AI-made; a motion model does.
        marked = picture.recipe.ai_mark or (picture.source == "imported" and bool(card.device))
        recipes.append(
            VideoRecipe(
                model=card.name,
                title=card.title,
                device=card.device,
                format=draft.format,
                focus=0.5 if draft.focus is None and not_cut else draft.focus,
                automatic_focus=draft.focus is None,
                side=draft.side,
                width=width,
                height=height,
                frames=frames,
                fps=fps,
                movement=draft.movement,
                prompt=(extracted.prompt or picture.prompt) if card.prompts else "",
                negative_prompt=draft.negative_prompt if card.prompts else "",
                checkpoint=base.name if base else "",
                steps=draft.steps,
                cfg=draft.cfg or 0.0,
                seed=draft.seed if draft.seed >= 0 else secrets.randbelow(MAX_SEED + 1),
                loras=lora_refs,
                ai_mark=marked,
            )
        )
    return recipes


def _checkpoint(card: MotionCard, draft: VideoDraft, checkpoints: Sequence[ModelCard]) -> ModelCard | None:
    if not card.checkpoint:
        return None
    fitting = [model for model in checkpoints if model.base == card.base]
    if chosen := next((model for model in fitting if draft.checkpoint in ("", model.name)), None):
        return chosen
    if not fitting:
        raise Invalid(
            tr_lazy(
                "{title} works with a {base} checkpoint, and the image engine has none. Add one there.",
                title=card.title,
                base=card.base,
            )
        )
    raise Invalid(
        tr_lazy(
            "{title} does not work with {checkpoint}, but with: {what}.",
            title=card.title,
            checkpoint=repr(draft.checkpoint),
            what=", ".join(model.name for model in fitting),
        )
    )


def _loras(
    tx: Session, draft: VideoDraft, written: Sequence[tuple[str, float]], card: MotionCard, base: ModelCard | None
) -> list[LoraRef]:
    """LoRAs that were picked, then those written in the prompt (their weight wins); all must fit the base model's family."""
    cards: list[tuple[LoraCard, float]] = [(loras.get(tx, pick.lora_id), pick.weight) for pick in draft.loras]
    cards += [(loras.by_name(tx, name), weight) for name, weight in written]
    if cards and base is None:
        raise Invalid(
            tr_lazy("{title} uses no LoRA. Create the picture with the LoRA, then animate that picture.", title=card.title)
        )
    for lora, _ in cards:
        assert base is not None
        loras.check_base(lora, base)
    refs = {lora.id: LoraRef(lora_id=lora.id, name=lora.name, weight=weight) for lora, weight in cards}
    return list(refs.values())


def _start(tx: Session, picture: PictureCard, recipe: VideoRecipe, request_key: str) -> str:
    row = Clip(id=new_id("clip"), picture_id=picture.id, influencer_id=picture.influencer_id, format=recipe.format)
    row.recipe, row.created_by = recipe.model_dump(), tx.info.get("user_id")
    job = jobs.enqueue(
        tx,
        kind="video-generation-gpu" if recipe.device else "video-generation",
        payload=VideoPayload(clip_id=row.id, model=recipe.checkpoint),
        title=tr_lazy("{model}: {prompt}", model=recipe.title, prompt=picture.prompt[:60] or tr_lazy("video of a picture")),
        request_key=request_key,
        subject=("clip", row.id),
    )
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    assets.use(tx, picture.asset_id, "clip", row.id)
    return row.id


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
