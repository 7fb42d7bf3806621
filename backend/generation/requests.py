"""Asking for pictures: of one prompt, of a list of prompts, of every combination of a grid. Each becomes one job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, jobs, loras, prompt_library, workflows
from backend.db.tables import Generation, Job
from backend.engines.image.port import ModelCard
from backend.errors import Invalid, StudioError
from backend.generation import forecast, rules
from backend.generation.assembly import RequestAssembler
from backend.generation.grid import AxisDraft, cells
from backend.generation.lists import Line
from backend.generation.queries import get
from backend.generation.recipe import Recipe, differences
from backend.generation.schemas import MOST_IN_BATCH, GenerationCard, GenerationDraft, GenerationPayload, Grid
from backend.kit.ids import new_id

STEP_ASIDE = 1
"""Priority of lists and grids: single requests of the workspace go first whenever one of them pauses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be drawn. `seconds` None: nothing to go by; `load_s` of them until the model is loaded (0: it is).

    `ahead`: the workspace's image jobs that run or wait before it, whose time is not counted.
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
    """Fixes recipe and seeds and asks for the job; the same `request_key` returns the first request.

    `models`: what the image engine offers (`app.engines.image.models()`). `parent_id`: the job that waits for the pictures.
    `aside`: one of many made in the background, what people ask for by hand goes first. Raises Invalid, NotFound.
    """
    return _begin(tx, [draft], models, request_key, parent_id=parent_id, aside=aside)


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

    `allowed`: settings.allowed_classes. Raises Invalid (with what is wrong with the workflow), NotFound.
    """
    workflows.check_usable(workflows.usable(tx, graph_id, trial=True), allowed=allowed)
    one = draft.model_copy(update={"workflow_id": graph_id, "n": 1})
    card = _begin(tx, [one], models, request_key, trial=True)
    workflows.record_trial_request(tx, graph_id, card.id)
    return card


def start_list(
    tx: Session, *, drafts: Sequence[GenerationDraft], models: Sequence[ModelCard], request_key: str
) -> GenerationCard:
    """The drafts of a list's lines as one request, at most MOST_IN_BATCH pictures. Raises Invalid, NotFound."""
    return _begin(tx, drafts, models, request_key, form="list")


def start_grid(
    tx: Session, *, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard], request_key: str
) -> GenerationCard:
    """Every combination of the axes, all with the draft's seed (or one new one). Raises Invalid, NotFound."""
    drafts, grid = _cells(tx, draft, axes, models)
    return _begin(tx, drafts, models, request_key, form="grid", grid=grid)


def plan(tx: Session, *, drafts: Sequence[GenerationDraft], models: Sequence[ModelCard], grid: Grid | None = None) -> Plan:
    """What `start_list` would draw and how long that takes. Raises Invalid, NotFound."""
    recipes_ = _recipes(RequestAssembler(tx, models), drafts)
    queue = jobs.KINDS["image-generation"].queue
    ahead = sum(one.kind == "image-generation" for one in jobs.queue_status(tx, queue))
    takes, used = forecast.takes(tx, recipes_, models, ahead=ahead), len({recipe.model for recipe in recipes_})
    return Plan(len(recipes_), takes.seconds if takes else None, ahead, grid, used, takes.load_s if takes else 0.0)


def plan_grid(tx: Session, *, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard]) -> Plan:
    """What `start_grid` would draw. Raises Invalid, NotFound."""
    drafts, grid = _cells(tx, draft, axes, models)
    return plan(tx, drafts=drafts, models=models, grid=grid)


def proofread(tx: Session, lines: Sequence[Line], *, models: Sequence[ModelCard]) -> list[Line]:
    """The lines of a list, those that cannot be drawn with the reason (an unknown LoRA, a wildcard that is not there …)."""
    desk, read = RequestAssembler(tx, models), []
    for line in lines:
        problem = line.problem
        if line.draft:
            try:
                desk.assemble(line.draft, max(line.draft.seed, 0))
            except StudioError as error:
                problem = error.message
        read.append(Line(line.number, line.said, None if problem else line.draft, problem))
    return read


def _cells(
    tx: Session, draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard]
) -> tuple[Sequence[GenerationDraft], Grid]:
    if draft.template and any(axis.kind == "replace" for axis in axes):
        asked, _ = RequestAssembler(tx, models).asked(draft)
        draft = draft.model_copy(update={"prompt": asked, "template": None})
    if draft.seed < 0:
        draft = draft.model_copy(update={"seed": rules.seeds(-1, 1)[0]})
    names = {card.id: card.name for card in loras.get_many(tx, [axis.lora_id for axis in axes if axis.lora_id]).values()}
    made = cells(draft, axes, models, names)
    return made.drafts, made.grid


def _recipes(desk: RequestAssembler, drafts: Sequence[GenerationDraft]) -> list[Recipe]:
    """One for each picture."""
    if not drafts:
        raise Invalid("There is nothing to draw. Write at least one prompt.")
    if (total := sum(draft.n for draft in drafts)) > MOST_IN_BATCH:
        raise Invalid(f"These are {total:,} pictures; at most {MOST_IN_BATCH} at once. Ask for fewer.")
    return [desk.recipe(draft, seed) for draft in drafts for seed in rules.seeds(draft.seed, draft.n)]


def _begin(
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
    if first := _started(tx, request_key):
        return get(tx, first)
    desk = RequestAssembler(tx, models, trial=trial)
    each = _recipes(desk, drafts)
    asked, negative = desk.asked(drafts[0])
    base = each[0].model_copy(
        update={"asked": asked, "negative_asked": negative, "seeds": [seed for recipe in each for seed in recipe.seeds]}
    )
    shots = [shot.plain() for shot in differences(base, each)]
    row = Generation(id=new_id("gen"), influencer_id=drafts[0].influencer_id, recipe=base.model_dump(), form=form)
    row.created_by, row.grid = tx.info["user_id"], asdict(grid) if grid else None
    row.shots = shots if any(shots) else None
    job = jobs.enqueue(
        tx,
        kind="image-generation",
        payload=GenerationPayload(generation_id=row.id, model=base.model),
        title=_title(base, len(each), form, grid),
        request_key=request_key,
        subject=("generation", row.id),
        priority=STEP_ASIDE if aside or form != "pictures" else 0,
        parent_id=parent_id,
    )
    if job.subject_id != row.id:
        return get(tx, job.subject_id)
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    needed = {one.init_asset_id for one in each} | {base.mask_asset_id, base.pose.asset_id if base.pose else None}
    assets.use_all(tx, "generation", [(asset_id, row.id) for asset_id in sorted(filter(None, needed))])
    if form != "list" and not drafts[0].template:
        prompt_library.record_prompt_use(tx, asked, negative)
    return get(tx, row.id)


def _title(recipe: Recipe, n: int, form: str, grid: Grid | None) -> str:
    short = recipe.prompt if len(recipe.prompt) <= 60 else recipe.prompt[:59].rstrip() + "…"
    if grid:
        return f"Grid {' × '.join(str(len(axis.labels)) for axis in grid.axes)}: {short}"
    if form == "list":
        return f"List of {n}: {short}"
    return f"{n} × {short}" if n > 1 else short


def _started(tx: Session, request_key: str) -> Any:
    return tx.scalar(select(Generation.id).join(Job, Job.id == Generation.job_id).where(Job.request_key == request_key))
