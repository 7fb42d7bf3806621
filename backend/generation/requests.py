"""Requests for pictures: of one prompt, of a list of prompts, of every combination of a grid. Each becomes one job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, jobs, loras, prompt_library, workflows
from backend.db.tables import Generation, Job
from backend.engines.ports.image import ModelCard
from backend.errors import Invalid, StudioError
from backend.generation import forecast, rules
from backend.generation.assembly import RequestAssembler
from backend.generation.grid import AxisDraft, grid_drafts
from backend.generation.lists import ListLine
from backend.generation.queries import get
from backend.generation.recipe import PictureRecipe, differences
from backend.generation.schemas import MAX_PICTURES_IN_BATCH, GenerationCard, GenerationDraft, GenerationPayload, Grid
from backend.kit.ids import new_id
from backend.language import tr_lazy

LOW_PRIORITY = 3
"""Priority of lists, grids and background requests: they pause between rounds; single requests and trainings go first then."""
_TYPES = {"list": "image-list", "grid": "image-grid"}
"""Form of a request -> the type of its job, where it is not that of its kind."""


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """What a request would draw. `seconds`: estimated time, None when nothing is known; `load_s` of it loads the model (0: it
    is loaded). `ahead`: image jobs of the workspace that run or wait before it; their time is not counted.
    """

    pictures: int
    seconds: float | None
    ahead: int
    grid: Grid | None = None
    models: int = 1
    load_s: float = 0.0


def start(
    tx: Session,
    *,
    draft: GenerationDraft,
    models: Sequence[ModelCard],
    request_key: str,
    parent_id: str | None = None,
    aside: bool = False,
) -> GenerationCard:
    """Fixes recipe and seeds and enqueues the job; the same `request_key` returns the first request.

    `models`: what the image engine offers (`app.engines.image.models()`). `parent_id`: the job that waits for the pictures.
    `aside`: one of many made in the background; requests made by hand go first. Raises Invalid, NotFound.
    """
    return _start(tx, [draft], models, request_key, parent_id=parent_id, aside=aside)


def try_workflow(
    tx: Session,
    *,
    graph_id: str,
    draft: GenerationDraft,
    models: Sequence[ModelCard],
    allowed: Collection[str],
    request_key: str,
) -> GenerationCard:
    """One picture with an imported workflow that is not approved yet; once it is there, an owner may approve.

    `allowed`: settings.engines.comfyui.allowed_classes. Raises Invalid (with what is wrong with the workflow), NotFound.
    """
    workflows.check_usable(workflows.usable(tx, graph_id, trial=True), allowed=allowed)
    single = draft.model_copy(update={"workflow_id": graph_id, "n": 1})
    card = _start(tx, [single], models, request_key, trial=True)
    workflows.record_trial_request(tx, graph_id, card.id)
    return card


def start_list(
    tx: Session, *, drafts: Sequence[GenerationDraft], models: Sequence[ModelCard], request_key: str
) -> GenerationCard:
    """The drafts of a list's lines as one request, at most MOST_IN_BATCH pictures. Raises Invalid, NotFound."""
    return _start(tx, drafts, models, request_key, form="list")


def start_grid(
    tx: Session, *, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard], request_key: str
) -> GenerationCard:
    """Every combination of the axes, all with the draft's seed (or one new one). Raises Invalid, NotFound."""
    drafts, grid = _grid_drafts(tx, draft, axes, models)
    return _start(tx, drafts, models, request_key, form="grid", grid=grid)


def preview(
    tx: Session, *, drafts: Sequence[GenerationDraft], models: Sequence[ModelCard], grid: Grid | None = None
) -> RequestPreview:
    """What `start_list` would draw and how long that takes. Raises Invalid, NotFound."""
    recipes = _recipes(RequestAssembler(tx, models), drafts)
    queue = jobs.JOB_TYPES["image-generation"].queue
    ahead = sum(job.kind == "image-generation" for job in jobs.queue_status(tx, queue))
    duration, model_count = forecast.estimate(tx, recipes, models, ahead=ahead), len({recipe.model for recipe in recipes})
    return RequestPreview(
        len(recipes), duration.seconds if duration else None, ahead, grid, model_count, duration.load_s if duration else 0.0
    )


def preview_grid(
    tx: Session, *, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard]
) -> RequestPreview:
    """What `start_grid` would draw. Raises Invalid, NotFound."""
    drafts, grid = _grid_drafts(tx, draft, axes, models)
    return preview(tx, drafts=drafts, models=models, grid=grid)


def check_lines(tx: Session, lines: Sequence[ListLine], *, models: Sequence[ModelCard]) -> list[ListLine]:
    """The lines of a list, those that cannot be drawn with the reason (an unknown LoRA, a wildcard that is not there …)."""
    assembler, checked = RequestAssembler(tx, models), []
    for line in lines:
        problem = line.problem
        if line.draft:
            try:
                assembler.assemble(line.draft, max(line.draft.seed, 0))
            except StudioError as error:
                problem = error.message
        checked.append(ListLine(line.number, line.prompt, None if problem else line.draft, problem))
    return checked


def _grid_drafts(
    tx: Session, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard]
) -> tuple[Sequence[GenerationDraft], Grid]:
    if draft.template and any(axis.kind == "replace" for axis in axes):
        prompt, _ = RequestAssembler(tx, models).prompts_as_written(draft)
        draft = draft.model_copy(update={"prompt": prompt, "template": None})
    if draft.seed < 0:
        draft = draft.model_copy(update={"seed": rules.seeds(-1, 1)[0]})
    names = {card.id: card.name for card in loras.get_many(tx, [axis.lora_id for axis in axes if axis.lora_id]).values()}
    built = grid_drafts(draft, axes, models, names)
    return built.drafts, built.grid


def _recipes(assembler: RequestAssembler, drafts: Sequence[GenerationDraft]) -> list[PictureRecipe]:
    """One for each picture."""
    if not drafts:
        raise Invalid(tr_lazy("There is nothing to create. Write at least one prompt."))
    if (total := sum(draft.n for draft in drafts)) > MAX_PICTURES_IN_BATCH:
        raise Invalid(
            tr_lazy(
                "These are {total:,} pictures; at most {max_pictures_in_batch} at once. Ask for fewer.",
                total=total,
                max_pictures_in_batch=MAX_PICTURES_IN_BATCH,
            )
        )
    return [assembler.recipe(draft, seed) for draft in drafts for seed in rules.seeds(draft.seed, draft.n)]


def _start(
    tx: Session,
    drafts: Sequence[GenerationDraft],
    models: Sequence[ModelCard],
    request_key: str,
    *,
    form: str = "pictures",
    grid: Grid | None = None,
    trial: bool = False,
    parent_id: str | None = None,
    aside: bool = False,
) -> GenerationCard:
    if first_id := _first_request_id(tx, request_key):
        return get(tx, first_id)
    assembler = RequestAssembler(tx, models, trial=trial)
    recipes = _recipes(assembler, drafts)
    prompt, negative = assembler.prompts_as_written(drafts[0])
    base = recipes[0].model_copy(
        update={"asked": prompt, "negative_asked": negative, "seeds": [seed for recipe in recipes for seed in recipe.seeds]}
    )
    overrides = [override.plain() for override in differences(base, recipes)]
    row = Generation(id=new_id("gen"), influencer_id=drafts[0].influencer_id, recipe=base.model_dump(), form=form)
    row.created_by, row.grid = tx.info["user_id"], asdict(grid) if grid else None
    row.shots = overrides if any(overrides) else None
    job = jobs.enqueue(
        tx,
        kind="image-generation",
        payload=GenerationPayload(generation_id=row.id, model=base.model),
        title=_title(base, len(recipes), form, grid),
        request_key=request_key,
        subject=("generation", row.id),
        type=_TYPES.get(form, ""),
        priority=LOW_PRIORITY if aside or form != "pictures" else None,
        parent_id=parent_id,
    )
    if job.subject_id != row.id:
        return get(tx, job.subject_id)
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    asset_ids = {recipe.init_asset_id for recipe in recipes} | {base.mask_asset_id, base.pose.asset_id if base.pose else None}
    assets.use_all(tx, "generation", [(asset_id, row.id) for asset_id in sorted(filter(None, asset_ids))])
    if form != "list" and not drafts[0].template:
        prompt_library.record_prompt_use(tx, prompt, negative)
    return get(tx, row.id)


def _title(recipe: PictureRecipe, n: int, form: str, grid: Grid | None) -> str:
    short = recipe.prompt if len(recipe.prompt) <= 60 else recipe.prompt[:59].rstrip() + "…"
    if grid:
        return tr_lazy("Grid {size}: {prompt}", size=" × ".join(str(len(axis.labels)) for axis in grid.axes), prompt=short)
    if form == "list":
        return tr_lazy("List of {n}: {prompt}", n=n, prompt=short)
    return f"{n} × {short}" if n > 1 else short


def _first_request_id(tx: Session, request_key: str) -> Any:
    return tx.scalar(select(Generation.id).join(Job, Job.id == Generation.job_id).where(Job.request_key == request_key))
