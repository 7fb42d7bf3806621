"""Requests for pictures: reading them, and drawing one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend import loras, prompt_library, workflows
from backend.db.tables import Generation, Job, Picture, PictureCheck
from backend.errors import NotFound
from backend.generation.gallery import picture
from backend.generation.recipe import ImageOverrides, Recipe
from backend.generation.schemas import (
    GenerationCard,
    GenerationDraft,
    Grid,
    GridAxis,
    LoraPick,
    PosePick,
    SecondPassPick,
    TemplatePick,
)


def get(tx: Session, generation_id: str) -> GenerationCard:
    """Raises NotFound."""
    row = tx.execute(_generations().where(Generation.id == generation_id)).first()
    if row is None:
        raise NotFound("This request does not exist here. It may have been made in another workspace.")
    return _generation(*row)


def latest(tx: Session, *, influencer_id: str | None = None, take: int = 10) -> list[GenerationCard]:
    """Newest requests first; what was brought in was not asked for here, and what a plan of days draws is on the calendar."""
    query = (
        _generations().where(Job.kind != "picture-import", Job.parent_id.is_(None)).order_by(Generation.id.desc()).limit(take)
    )
    query = query.where(Generation.influencer_id == influencer_id) if influencer_id else query
    return [_generation(*row) for row in tx.execute(query)]


def remix(tx: Session, picture_id: str, *, new_seed: bool = True) -> GenerationDraft:
    """A form filled as this picture was made; with `new_seed` its wildcards are chosen anew. Raises NotFound.

    Deleted LoRAs are left out. With the same seed the words are those it was drawn with, whatever became of the lists.
    """
    card = picture(tx, picture_id)
    recipe = card.recipe
    whole = get(tx, card.generation_id) if new_seed else None
    varied = whole.recipe if whole and whole.form == "pictures" else None
    template = varied.template if varied else None
    return GenerationDraft(
        prompt=template.extra if template else varied.asked if varied else recipe.asked,
        negative_prompt=varied.negative_asked if varied else recipe.negative_asked,
        template=TemplatePick(template_id=template.template_id, version=template.version, values=template.values)
        if template
        else None,
        style_id=recipe.style.style_id if recipe.style and varied and _has_style(tx, recipe.style.style_id) else None,
        influencer_id=card.influencer_id,
        with_look=recipe.with_look,
        loras=tuple(
            LoraPick(lora_id=ref.lora_id, weight=ref.weight) for ref in recipe.loras if ref.lora_id in _there(tx, recipe)
        ),
        model=recipe.model,
        size=recipe.size,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps or None,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        seed=-1 if new_seed else card.seed,
        n=4 if new_seed else 1,
        init_asset_id=recipe.init_asset_id,
        strength=recipe.strength,
        mask_asset_id=recipe.mask_asset_id,
        feather=recipe.feather,
        finish=recipe.finish,
        pose=PosePick(**recipe.pose.model_dump()) if recipe.pose else None,
        second_pass=SecondPassPick(**recipe.second_pass.model_dump()) if recipe.second_pass else None,
        workflow_id=recipe.workflow.graph_id if recipe.workflow and _has_workflow(tx, recipe.workflow.graph_id) else None,
    )


def shots(tx: Session, generation_id: str, n: int) -> list[ImageOverrides]:
    """What each of the request's `n` pictures has of its own. Those the gate added are drawn as the first ones were."""
    kept = tx.scalar(select(Generation.shots).where(Generation.id == generation_id)) or [{}]
    each = [ImageOverrides.model_validate(one) for one in kept]
    return [each[at % len(each)] for at in range(n)]


def existing(tx: Session, generation_id: str) -> set[int]:
    """Numbers of the pictures a request has already, deleted ones too: they are not drawn again."""
    return set(tx.scalars(select(Picture.n).where(Picture.generation_id == generation_id)))


def _has_workflow(tx: Session, graph_id: str) -> bool:
    return any(card.id == graph_id for card in workflows.approved(tx))


def lookalikes(tx: Session, picture_ids: Sequence[str]) -> dict[str, str]:
    """Those that look almost like an earlier picture of another request -> that one."""
    near = PictureCheck.picture_id.in_(picture_ids), PictureCheck.near_picture_id.is_not(None)
    query = select(PictureCheck.picture_id, PictureCheck.near_picture_id).where(*near)
    return {picture_id: str(near_id) for picture_id, near_id in tx.execute(query)}


def _has_style(tx: Session, style_id: str) -> bool:
    return any(card.id == style_id for card in prompt_library.styles(tx, every=True))


def _there(tx: Session, recipe: Recipe) -> set[str]:
    return set(loras.get_many(tx, [ref.lora_id for ref in recipe.loras]))


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
        form=row.form,
        grid=_grid(row.grid) if row.grid else None,
    )


def _grid(plain: dict[str, Any]) -> Grid:
    return Grid(tuple(GridAxis(axis["title"], tuple(axis["labels"])) for axis in plain["axes"]))
