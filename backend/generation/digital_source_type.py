"""Which IPTC digital source type a picture carries: made by a model alone, or somebody's picture changed by one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.assets import AssetCard
from backend.db.tables import Asset, Generation, Picture
from backend.generation.recipe import PictureRecipe
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_TYPE
from backend.media.images.ai_mark import SOURCE_META as SOURCE_META


def source_type(tx: Session, recipe: PictureRecipe, init: AssetCard | None) -> str:
    """Source type of a picture drawn by `recipe` from the start image `init`: an edited upload is not wholly AI-made."""
    if init is None or (recipe.strength >= 1 and not recipe.mask_asset_id):
        return SOURCE_TYPE
    if stored_type := init.meta.get(SOURCE_META):
        return str(stored_type)
    query = select(Generation.recipe["ai_mark"].as_boolean()).join(Picture, Picture.generation_id == Generation.id)
    made_here = tx.execute(query.where(Picture.asset_id == init.id)).first()
    return EDITED_SOURCE_TYPE if made_here is None or made_here[0] is False else SOURCE_TYPE


def inherited_source_type(tx: Session, picture_id: str) -> str:
    """Source type of a picture made from this one alone (upscaled, for example)."""
    query = select(Asset.meta, Picture.source, Generation.recipe["ai_mark"].as_boolean()).select_from(Picture)
    query = query.join(Asset, Asset.id == Picture.asset_id).join(Generation, Generation.id == Picture.generation_id)
    meta, source, marked = tx.execute(query.where(Picture.id == picture_id)).one()
    return str(meta.get(SOURCE_META) or (EDITED_SOURCE_TYPE if source == "imported" and marked is False else SOURCE_TYPE))
