"""Reads pictures that were made or imported, with the recipe of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.db.tables import Asset, Generation, Influencer, Picture
from backend.errors import NotFound
from backend.generation.recipe import ImageOverrides, PictureRecipe
from backend.generation.schemas import PictureCard
from backend.language import tr_lazy

_CARD_COLUMNS = (
    "id",
    "generation_id",
    "n",
    "asset_id",
    "influencer_id",
    "seed",
    "prompt",
    "rating",
    "created_at",
    "deleted_at",
    "favourite",
    "source",
    "origin",
    "dhash",
    "identity_score",
    "identity_line",
    "gate",
)


def picture(tx: Session, picture_id: str) -> PictureCard:
    """Also one that was deleted (`deleted_at` says so). Raises NotFound."""
    row = tx.execute(select_cards().where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This picture does not exist here. It may have been made in another workspace."))
    return to_card(*row)


def pictures(tx: Session, picture_ids: Sequence[str]) -> list[PictureCard]:
    """Pictures that exist and are not deleted, in the order of `picture_ids`."""
    rows = {
        row[0].id: row for row in tx.execute(select_cards().where(Picture.id.in_(picture_ids), Picture.deleted_at.is_(None)))
    }
    return [to_card(*rows[picture_id]) for picture_id in picture_ids if picture_id in rows]


def pictures_by_asset(tx: Session, asset_ids: Sequence[str]) -> dict[str, PictureCard]:
    """Asset id -> its picture, of those that are not deleted."""
    rows = tx.execute(select_cards().where(Picture.asset_id.in_(asset_ids), Picture.deleted_at.is_(None)).order_by(Picture.id))
    return {row[0].asset_id: to_card(*row) for row in rows} if asset_ids else {}


def pictures_of(tx: Session, generation_id: str) -> list[PictureCard]:
    """Pictures of a request that are not deleted, in the order of its seeds."""
    query = select_cards().where(Picture.generation_id == generation_id, Picture.deleted_at.is_(None)).order_by(Picture.n)
    return [to_card(*row) for row in tx.execute(query)]


def shape_of(width: int, height: int) -> str:
    return "landscape" if width > height else "portrait" if width < height else "square"


def select_cards() -> Select[Any]:
    """The rows that `to_card` takes: picture, width, height, recipe of its request, name of its influencer."""
    query = select(Picture, Asset.width, Asset.height, Generation.recipe, Influencer.name)
    query = query.join(Asset, Asset.id == Picture.asset_id).join(Generation, Generation.id == Picture.generation_id)
    return query.outerjoin(Influencer, Influencer.id == Picture.influencer_id).execution_options(populate_existing=True)


def to_card(
    row: Picture, width: int | None, height: int | None, recipe: dict[str, Any], influencer_name: str | None
) -> PictureCard:
    """A row of `select_cards` as a value."""
    picture_recipe = PictureRecipe.model_validate(recipe).with_overrides(ImageOverrides.model_validate(row.shot))
    return PictureCard(
        **{name: getattr(row, name) for name in _CARD_COLUMNS},
        influencer_name=influencer_name,
        width=width or picture_recipe.width,
        height=height or picture_recipe.height,
        recipe=picture_recipe,
    )
