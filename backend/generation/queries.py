"""The gallery and its requests: one statement a page, however many pictures it shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend import loras
from backend.errors import NotFound
from backend.generation.schemas import (
    GalleryFilters,
    GalleryPage,
    GenerationCard,
    GenerationDraft,
    LoraPick,
    PictureCard,
    Recipe,
)
from backend.tables import Asset, Generation, Influencer, Job, Picture, PictureLora


def gallery(tx: Session, *, filters: GalleryFilters | None = None, cursor: str | None = None, take: int = 60) -> GalleryPage:
    """Newest first. `cursor` is the id the last page ended with; `total` counts what the filters leave."""
    where = _where(filters or GalleryFilters())
    query = _cards().where(*where).order_by(Picture.id.desc()).limit(take + 1)
    rows = tx.execute(query.where(Picture.id < cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(Picture).where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return GalleryPage(cards, cards[-1].id if len(rows) > take else None, total)


def picture(tx: Session, picture_id: str) -> PictureCard:
    """Also one that was deleted (`deleted_at` says so). Raises NotFound."""
    row = tx.execute(_cards().where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound("This picture does not exist here. It may have been made in another workspace.")
    return _card(*row)


def pictures_of(tx: Session, generation_id: str) -> list[PictureCard]:
    """Those that are there, in order of their seeds."""
    query = _cards().where(Picture.generation_id == generation_id, Picture.deleted_at.is_(None)).order_by(Picture.n)
    return [_card(*row) for row in tx.execute(query)]


def get(tx: Session, generation_id: str) -> GenerationCard:
    """Raises NotFound."""
    row = tx.execute(_generations().where(Generation.id == generation_id)).first()
    if row is None:
        raise NotFound("This request does not exist here. It may have been made in another workspace.")
    return _generation(*row)


def latest(tx: Session, *, influencer_id: str | None = None, take: int = 10) -> list[GenerationCard]:
    """Newest requests first."""
    query = _generations().order_by(Generation.id.desc()).limit(take)
    query = query.where(Generation.influencer_id == influencer_id) if influencer_id else query
    return [_generation(*row) for row in tx.execute(query)]


def remix(tx: Session, picture_id: str, *, new_seed: bool = True) -> GenerationDraft:
    """A form filled as this picture was made. Deleted influencers are left out. Raises NotFound."""
    card = picture(tx, picture_id)
    recipe = card.recipe
    return GenerationDraft(
        prompt=recipe.asked,
        negative_prompt=recipe.negative_asked,
        influencer_id=card.influencer_id,
        with_look=recipe.with_look,
        loras=tuple(
            LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in recipe.loras if ref.lora_id in _there(tx, recipe)
        ),
        model=recipe.model,
        size=recipe.size,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        seed=-1 if new_seed else card.seed,
        n=4 if new_seed else 1,
        init_asset_id=recipe.init_asset_id,
        strength=recipe.strength,
    )


def existing(tx: Session, generation_id: str) -> set[int]:
    """Numbers of the pictures a request has already, deleted ones too: they are not drawn again."""
    return set(tx.scalars(select(Picture.n).where(Picture.generation_id == generation_id)))


def _there(tx: Session, recipe: Recipe) -> set[str]:
    return set(loras.get_many(tx, [ref.lora_id for ref in recipe.loras]))


def _where(filters: GalleryFilters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Picture.deleted_at.is_(None)]
    if filters.influencer_id:
        where.append(Picture.influencer_id == filters.influencer_id)
    if filters.min_rating:
        where.append(Picture.rating >= filters.min_rating)
    if filters.date_from:
        where.append(Picture.created_at >= datetime.combine(filters.date_from, time(), UTC))
    if filters.date_to:
        where.append(Picture.created_at < datetime.combine(filters.date_to + timedelta(days=1), time(), UTC))
    if filters.lora_id:
        where.append(_drawn_with(filters.lora_id))
    where += [func.lower(Picture.prompt).contains(word, autoescape=True) for word in _words(filters.text)]
    return where


def _drawn_with(lora_id: str) -> ColumnElement[bool]:
    """Spelled with the whole primary key: one index look-up a picture, whatever the planner knows of the tables."""
    mine = PictureLora.tenant_id == Picture.tenant_id, PictureLora.picture_id == Picture.id
    return select(PictureLora.lora_id).where(*mine, PictureLora.lora_id == lora_id).exists()


def _words(text: str) -> Sequence[str]:
    return [word for word in text.lower().replace("\x00", "").replace(",", " ").split() if word][:10]


def _cards() -> Select[Any]:
    query = select(Picture, Asset.width, Asset.height, Generation.recipe, Influencer.name)
    query = query.join(Asset, Asset.id == Picture.asset_id).join(Generation, Generation.id == Picture.generation_id)
    return query.outerjoin(Influencer, Influencer.id == Picture.influencer_id).execution_options(populate_existing=True)


def _card(row: Picture, width: int | None, height: int | None, recipe: dict[str, Any], who: str | None) -> PictureCard:
    same = ("id", "generation_id", "n", "asset_id", "influencer_id", "seed", "prompt", "rating", "created_at", "deleted_at")
    said = Recipe.model_validate(recipe)
    return PictureCard(
        **{name: getattr(row, name) for name in same},
        influencer_name=who,
        width=width or said.width,
        height=height or said.height,
        recipe=said,
    )


def _generations() -> Select[Any]:
    done = select(func.count()).where(Picture.generation_id == Generation.id).correlate(Generation).scalar_subquery()
    query = select(Generation, Job.state, Job.error_message, done).join(Job, Job.id == Generation.job_id)
    return query.execution_options(populate_existing=True)


def _generation(row: Generation, state: str, error_message: str | None, done: int) -> GenerationCard:
    recipe = Recipe.model_validate(row.recipe)
    return GenerationCard(
        id=row.id,
        job_id=row.job_id or "",
        influencer_id=row.influencer_id,
        recipe=recipe,
        n=len(recipe.seeds),
        done=done,
        state=state,
        error_message=error_message,
        created_at=row.created_at,
    )
