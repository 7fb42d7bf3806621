"""Asking for pictures, rating them, deleting them and taking that back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, influencers, jobs
from backend.engines.image.port import ModelCard
from backend.errors import Invalid, NotFound
from backend.generation import rules
from backend.generation.assembly import assemble
from backend.generation.queries import get
from backend.generation.schemas import GenerationCard, GenerationDraft, GenerationPayload, Recipe
from backend.kit.ids import new_id
from backend.tables import Generation, Job, Picture


def start(tx: Session, *, draft: GenerationDraft, models: Sequence[ModelCard], request_key: str) -> GenerationCard:
    """Fixes recipe and seeds and asks for the job; the same `request_key` returns the first request.

    `models`: what the image engine offers (`app.engines.image.models()`). Raises Invalid, NotFound.
    """
    if first := _started(tx, request_key):
        return get(tx, first)
    recipe = _recipe(tx, draft, models)
    row = Generation(
        id=new_id("gen"), influencer_id=draft.influencer_id, recipe=recipe.model_dump(), created_by=tx.info["user_id"]
    )
    job = jobs.enqueue(
        tx,
        kind="image-generation",
        payload=GenerationPayload(generation_id=row.id),
        title=_title(recipe.prompt, draft.n),
        request_key=request_key,
        subject=("generation", row.id),
    )
    if job.subject_id != row.id:
        return get(tx, job.subject_id)
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    if recipe.init_asset_id:
        assets.use(tx, recipe.init_asset_id, "generation", row.id)
    return get(tx, row.id)


def rate(tx: Session, picture_ids: Sequence[str], rating: int) -> None:
    """0 (none) to 5 stars. Raises Invalid, NotFound."""
    if not 0 <= rating <= 5:
        raise Invalid("A rating is 1 to 5 stars, or 0 to take it away.")
    _touch(tx, picture_ids, rating=rating)


def favour(tx: Session, picture_ids: Sequence[str], favourite: bool) -> None:
    """Among the favourites, or out of them. Raises Invalid, NotFound."""
    _touch(tx, picture_ids, favourite=favourite)


def delete(tx: Session, picture_ids: Sequence[str]) -> None:
    """Out of the gallery at once; `undelete` brings them back until the files are purged. Raises NotFound."""
    _touch(tx, picture_ids, deleted_at=func.clock_timestamp())
    assets.unuse_all(tx, "picture", picture_ids)
    events.record(tx, "pictures.deleted", "picture", picture_ids[0], {"ids": list(picture_ids)})


def undelete(tx: Session, picture_ids: Sequence[str]) -> None:
    """All or none, for as long as the files are there. Raises NotFound when one is gone for good."""
    pairs = _assets(tx, picture_ids)
    if {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs]):
        raise NotFound("These pictures were deleted too long ago: their files are gone. Draw them again from their recipe.")
    _touch(tx, picture_ids, deleted_at=None)
    assets.use_all(tx, "picture", pairs)


def make_cover(tx: Session, picture_id: str) -> None:
    """The picture becomes the cover of its influencer. Raises NotFound, Invalid."""
    row = tx.scalars(select(Picture).where(Picture.id == picture_id, Picture.deleted_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound("This picture does not exist here. It may have been deleted.")
    if not row.influencer_id:
        raise Invalid("This picture belongs to no influencer. Choose the cover on the influencer's page.")
    influencers.set_cover(tx, row.influencer_id, row.asset_id)


def _recipe(tx: Session, draft: GenerationDraft, models: Sequence[ModelCard]) -> Recipe:
    drawn = assemble(tx, draft=draft, models=models)
    if draft.init_asset_id and assets.get(tx, draft.init_asset_id).kind != "image":
        raise Invalid("Draw from a picture: this file is not one. Choose another.")
    return Recipe(
        asked=draft.prompt,
        prompt=drawn.prompt,
        negative_asked=draft.negative_prompt,
        negative_prompt=drawn.negative_prompt,
        with_look=draft.with_look,
        model=drawn.model,
        size=draft.size,
        width=drawn.width,
        height=drawn.height,
        steps=drawn.steps,
        cfg=drawn.cfg,
        sampler=drawn.sampler,
        seeds=rules.seeds(draft.seed, draft.n),
        loras=list(drawn.loras),
        init_asset_id=draft.init_asset_id,
        strength=draft.strength,
        ai_mark=influencers.get(tx, draft.influencer_id).ai_mark if draft.influencer_id else True,
    )


def _title(prompt: str, n: int) -> str:
    short = prompt if len(prompt) <= 60 else prompt[:59].rstrip() + "…"
    return f"{n} × {short}" if n > 1 else short


def _started(tx: Session, request_key: str) -> str | None:
    return tx.scalar(select(Generation.id).join(Job, Job.id == Generation.job_id).where(Job.request_key == request_key))


def _assets(tx: Session, picture_ids: Sequence[str]) -> list[tuple[str, str]]:
    rows = tx.execute(select(Picture.asset_id, Picture.id).where(Picture.id.in_(picture_ids)))
    return [(asset_id, picture_id) for asset_id, picture_id in rows]


def _touch(tx: Session, picture_ids: Sequence[str], **values: object) -> None:
    """All or none. Raises NotFound."""
    if not picture_ids:
        raise Invalid("Choose at least one picture.")
    changed = tx.execute(update(Picture).where(Picture.id.in_(picture_ids)).values(**values).returning(Picture.id)).all()
    if len(changed) != len(set(picture_ids)):
        raise NotFound("One of these pictures does not exist here. Load the gallery again.")
