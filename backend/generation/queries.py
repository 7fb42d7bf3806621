"""Reading requests for pictures, one of their pictures as a draft to draw again, and which IPTC digital source type a picture
carries: made by a model alone, or somebody's picture changed by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend import loras, prompt_library, workflows
from backend.assets import AssetCard
from backend.db.tables import Asset, Generation, Job, Picture, PictureCheck
from backend.errors import NotFound
from backend.generation.pictures import picture
from backend.generation.recipe import ImageOverrides, PictureRecipe
from backend.generation.schemas import (
    DrawnPicture,
    GenerationCard,
    GenerationDraft,
    Grid,
    GridAxis,
    LoraPick,
    PosePick,
    TemplatePick,
)
from backend.language import tr_lazy
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_TYPE
from backend.media.images.ai_mark import SOURCE_META as SOURCE_META


def get(tx: Session, generation_id: str) -> GenerationCard:
    """Raises NotFound."""
    row = tx.execute(_generations().where(Generation.id == generation_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This request does not exist here. It may have been made in another workspace."))
    return _generation(*row)


def latest(tx: Session, *, influencer_id: str | None = None, take: int = 10) -> list[GenerationCard]:
    """Newest requests first, without imports and without requests of an auto-plan (those are on the calendar)."""
    query = (
        _generations().where(Job.kind != "picture-import", Job.parent_id.is_(None)).order_by(Generation.id.desc()).limit(take)
    )
    query = query.where(Generation.influencer_id == influencer_id) if influencer_id else query
    return [_generation(*row) for row in tx.execute(query)]


def remix(tx: Session, picture_id: str, *, new_seed: bool = True) -> GenerationDraft:
    """A draft filled as this picture was made; with `new_seed` its wildcards are chosen again. Raises NotFound.

    Deleted LoRAs are left out. With the same seed the prompt is the one it was drawn with, even if wildcards changed since.
    """
    card = picture(tx, picture_id)
    recipe = card.recipe
    request = get(tx, card.generation_id) if new_seed else None
    shared = request.recipe if request and request.form == "pictures" else None
    template = shared.template if shared else None
    return GenerationDraft(
        prompt=template.extra if template else shared.asked if shared else recipe.asked,
        negative_prompt=shared.negative_asked if shared else recipe.negative_asked,
        template=TemplatePick(template_id=template.template_id, version=template.version, values=template.values)
        if template
        else None,
        style_id=recipe.style.style_id if recipe.style and shared and _has_style(tx, recipe.style.style_id) else None,
        influencer_id=card.influencer_id,
        with_look=recipe.with_look,
        loras=tuple(
            LoraPick(lora_id=ref.lora_id, weight=ref.weight)
            for ref in recipe.loras
            if ref.lora_id in _existing_loras(tx, recipe)
        ),
        model=recipe.model,
        size=recipe.size,
        seed=-1 if new_seed else card.seed,
        n=4 if new_seed else 1,
        init_asset_id=recipe.init_asset_id,
        mask_asset_id=recipe.mask_asset_id,
        finish=recipe.finish,
        pose=PosePick(**recipe.pose.model_dump()) if recipe.pose else None,
        workflow_id=recipe.workflow.graph_id if recipe.workflow and _has_workflow(tx, recipe.workflow.graph_id) else None,
        **(recipe.params() | {"steps": recipe.steps or None}),  # imported pictures may not say how many steps: 0
    )


def image_overrides(tx: Session, generation_id: str, n: int) -> list[ImageOverrides]:
    """Overrides of each of the request's `n` pictures. Where fewer are stored than `n`, they repeat from the first."""
    stored = tx.scalar(select(Generation.shots).where(Generation.id == generation_id)) or [{}]
    overrides = [ImageOverrides.model_validate(values) for values in stored]
    return [overrides[n % len(overrides)] for n in range(n)]


def drawn_pictures(tx: Session, generation_id: str) -> dict[int, DrawnPicture]:
    """By number, the pictures a request has already. Deleted ones count: they are not drawn again."""
    columns = Picture.n, Picture.id, Picture.asset_id, Asset.key, Picture.gate
    drawn = select(*columns).join(Asset, Asset.id == Picture.asset_id).where(Picture.generation_id == generation_id)
    return {row.n: DrawnPicture(*row) for row in tx.execute(drawn)}


def result_of(drawn: Iterable[DrawnPicture], n: int) -> dict[str, Any]:
    """The result of a job that draws `n` pictures: those that passed the face check come first."""
    in_order = sorted(drawn, key=lambda picture: (picture.gate != "open", picture.n))
    files = [{"pictureId": picture.id, "assetId": picture.asset_id, "s3Key": picture.key} for picture in in_order]
    return {**(files[0] if files else {}), "pictures": n, "assets": files}


def _has_workflow(tx: Session, graph_id: str) -> bool:
    return any(card.id == graph_id for card in workflows.approved(tx))


def near_duplicates(tx: Session, picture_ids: Sequence[str]) -> dict[str, str]:
    """Picture id -> id of the earlier picture of another request that it almost equals; only pictures that have one."""
    has_near_duplicate = PictureCheck.picture_id.in_(picture_ids), PictureCheck.near_picture_id.is_not(None)
    query = select(PictureCheck.picture_id, PictureCheck.near_picture_id).where(*has_near_duplicate)
    return {picture_id: str(near_id) for picture_id, near_id in tx.execute(query)}


def _has_style(tx: Session, style_id: str) -> bool:
    return any(card.id == style_id for card in prompt_library.styles(tx, every=True))


def _existing_loras(tx: Session, recipe: PictureRecipe) -> set[str]:
    return set(loras.get_many(tx, [ref.lora_id for ref in recipe.loras]))


def _generations() -> Select[Any]:
    done = select(func.count()).where(Picture.generation_id == Generation.id).correlate(Generation).scalar_subquery()
    query = select(Generation, Job.state, Job.error_message, done).join(Job, Job.id == Generation.job_id)
    return query.execution_options(populate_existing=True)


def _generation(row: Generation, state: str, error_message: str | None, done: int) -> GenerationCard:
    recipe = PictureRecipe.model_validate(row.recipe)
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
        form=row.form,
        grid=_grid(row.grid) if row.grid else None,
    )


def _grid(stored: dict[str, Any]) -> Grid:
    return Grid(tuple(GridAxis(axis["title"], tuple(axis["labels"])) for axis in stored["axes"]))


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
