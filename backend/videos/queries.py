"""Reading videos: keyset pages, one, and one as a draft to make another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend import loras
from backend.db.tables import Asset, Clip, Influencer, Job, Picture
from backend.errors import NotFound
from backend.generation import LoraPick
from backend.language import tr_lazy
from backend.videos.schemas import VideoCard, VideoDraft, VideoFilters, VideoPage, VideoRecipe

MAX_PAGE_SIZE = 200
_NOT_FOUND = tr_lazy("This video does not exist here. It may have been made in another workspace.")


def get(tx: Session, clip_id: str) -> VideoCard:
    """A video, also one that is not made yet or was deleted (`deleted_at`). Raises NotFound."""
    row = tx.execute(_cards().where(Clip.id == clip_id)).first()
    if row is None:
        raise NotFound(_NOT_FOUND)
    return _card(*row)


def page(
    tx: Session,
    *,
    filters: VideoFilters | None = None,
    cursor: str | None = None,
    take: int = 60,
    skip: int = 0,
    oldest_first: bool = False,
) -> VideoPage:
    """Finished videos, newest first. `cursor`: the last page's `next_cursor`. `skip`: rows to leave out, slow for many."""
    where = _where(filters or VideoFilters())
    total = tx.scalar(select(func.count()).select_from(Clip).where(*where)) or 0
    query = _cards().where(*where)
    if cursor:
        query = query.where(Clip.id > cursor if oldest_first else Clip.id < cursor)
    take = min(take, MAX_PAGE_SIZE)
    order = Clip.id if oldest_first else Clip.id.desc()
    rows = tx.execute(query.order_by(order).offset(skip).limit(take + 1)).all()
    cards = [_card(*row) for row in rows[:take]]
    return VideoPage(cards, cards[-1].id if len(rows) > take else None, total)


def durations(tx: Session, asset_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """Asset id -> {"duration_s", "fps"}, of those assets that are finished videos."""
    query = select(Clip.asset_id, Clip.frames, Clip.fps).where(Clip.asset_id.in_(asset_ids))
    rows = tx.execute(query).all()
    return {str(asset_id): {"duration_s": frames / fps, "fps": float(fps)} for asset_id, frames, fps in rows if frames and fps}


def get_by_job(tx: Session, job_id: str) -> VideoCard | None:
    row = tx.execute(_cards().where(Clip.job_id == job_id)).first()
    return _card(*row) if row else None


def by_asset(tx: Session, asset_ids: Sequence[str]) -> dict[str, VideoCard]:
    """Asset id -> its video, of those that are not deleted."""
    rows = tx.execute(_cards().where(Clip.asset_id.in_(asset_ids), Clip.deleted_at.is_(None)))
    return {str(row[0].asset_id): _card(*row) for row in rows} if asset_ids else {}


def draft_from(tx: Session, clip_id: str) -> VideoDraft:
    """The draft that this video was made with; deleted LoRAs are left out, the seed is a new one. Raises NotFound."""
    recipe = get(tx, clip_id).recipe
    existing = loras.get_many(tx, [ref.lora_id for ref in recipe.loras])
    return VideoDraft(
        model=recipe.model,
        format=recipe.format,
        focus=None if recipe.automatic_focus else recipe.focus,
        side=recipe.side,
        frames=recipe.frames,
        fps=recipe.fps,
        movement=recipe.movement,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        checkpoint=recipe.checkpoint,
        steps=recipe.steps,
        cfg=recipe.cfg or None,
        loras=tuple(LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in recipe.loras if ref.lora_id in existing),
    )


def _where(filters: VideoFilters) -> list[Any]:
    where: list[Any] = [Clip.asset_id.is_not(None), Clip.deleted_at.is_(None)]
    if filters.influencer_id:
        where.append(Clip.influencer_id == filters.influencer_id)
    if filters.picture_id:
        where.append(Clip.picture_id == filters.picture_id)
    if filters.favourite:
        where.append(Clip.favourite)
    if filters.min_rating:
        where.append(Clip.rating >= filters.min_rating)
    if filters.format:
        where.append(Clip.format == filters.format)
    return where


def _cards() -> Select[Any]:
    file = aliased(Asset)
    query: Any = select(
        Clip, Picture.asset_id, Influencer.name, file.width, file.height, file.size_bytes, Job.state, Job.error_message
    )
    query = query.outerjoin(Picture, Picture.id == Clip.picture_id).join(Job, Job.id == Clip.job_id)
    query = query.outerjoin(file, file.id == Clip.asset_id).outerjoin(Influencer, Influencer.id == Clip.influencer_id)
    joined: Select[Any] = query.execution_options(populate_existing=True)
    return joined


def _card(
    row: Clip,
    picture_asset_id: str | None,
    influencer_name: str | None,
    width: int | None,
    height: int | None,
    size: int | None,
    state: str,
    error: str | None,
) -> VideoCard:
    recipe = VideoRecipe.model_validate(row.recipe)
    return VideoCard(
        id=row.id,
        job_id=row.job_id,
        picture_id=row.picture_id,
        picture_asset_id=picture_asset_id,
        asset_id=row.asset_id,
        influencer_id=row.influencer_id,
        influencer_name=influencer_name,
        recipe=recipe,
        frames=row.frames,
        fps=row.fps,
        width=width or recipe.width,
        height=height or recipe.height,
        size_bytes=size or 0,
        rating=row.rating,
        favourite=row.favourite,
        state=state,
        error_message=error,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
    )
