"""Which IPTC digital source type a picture carries: made by a model alone, or somebody's picture changed by one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.assets import AssetCard
from backend.db.tables import Asset, Generation, Picture
from backend.generation.recipe import Recipe
from backend.media.images.ai_mark import EDITED, SOURCE_TYPE
from backend.media.images.ai_mark import META as META


def source_type(tx: Session, recipe: Recipe, init: AssetCard | None) -> str:
    """Of a picture drawn by `recipe` from `init`: an uploaded picture that was changed stays somebody's picture."""
    if init is None or (recipe.strength >= 1 and not recipe.mask_asset_id):
        return SOURCE_TYPE
    if said := init.meta.get(META):
        return str(said)
    query = select(Generation.recipe["ai_mark"].as_boolean()).join(Picture, Picture.generation_id == Generation.id)
    ours = tx.execute(query.where(Picture.asset_id == init.id)).first()
    return EDITED if ours is None or ours[0] is False else SOURCE_TYPE


def inherited(tx: Session, picture_id: str) -> str:
    """Of a picture made from this one alone, an enlargement for example."""
    query = select(Asset.meta, Picture.source, Generation.recipe["ai_mark"].as_boolean()).select_from(Picture)
    query = query.join(Asset, Asset.id == Picture.asset_id).join(Generation, Generation.id == Picture.generation_id)
    meta, source, marked = tx.execute(query.where(Picture.id == picture_id)).one()
    return str(meta.get(META) or (EDITED if source == "imported" and marked is False else SOURCE_TYPE))
