"""Lists, grids and upscales as the API takes them: one JSON object each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.generation.grid import MAX_AXES, AxisDraft
from backend.generation.lists import apply_to
from backend.generation.requests import RequestPreview, check_lines, preview, preview_grid, start_grid, start_list
from backend.generation.schemas import MAX_PICTURES_IN_BATCH, GenerationCard, GenerationDraft
from backend.kit.drafts import Draft
from backend.language import joined, tr_lazy

_MAX_PROBLEMS_LISTED = 20


class ListOrder(Draft):
    """One request for the pictures of many prompts.

    Each of `lines` is a prompt, or values of a single request (`prompt`, `n`, `seed`, `size`, `init_asset_id`, `strength` …)
    laid over `draft`; without an `n` of its own it is one picture. Influencer, mask, pose, second pass and workflow are
    the same for all lines: a line that says another one is refused.
    """

    draft: GenerationDraft = Field(default_factory=GenerationDraft)
    lines: Annotated[tuple[str | dict[str, Any], ...], Field(min_length=1, max_length=MAX_PICTURES_IN_BATCH)]


class GridOrder(Draft):
    """Every combination of the values of `axes` laid over `draft`, all with one seed unless that is an axis."""

    draft: GenerationDraft = Field(default_factory=GenerationDraft)
    axes: Annotated[tuple[AxisDraft, ...], Field(min_length=1, max_length=MAX_AXES)]


class UpscaleOrder(Draft):
    """Both sides of a picture `scale` times as long. `model` empty: the upscaler offered first."""

    picture_id: str
    scale: int = Field(2, ge=2, le=8)
    model: str = ""


def start_list_order(tx: Session, *, order: ListOrder, models: Sequence[ModelCard], request_key: str) -> GenerationCard:
    """All lines or none. Raises Invalid with what is wrong in each line, NotFound."""
    return start_list(tx, drafts=_lines(tx, order, models), models=models, request_key=request_key)


def preview_list_order(tx: Session, *, order: ListOrder, models: Sequence[ModelCard]) -> RequestPreview:
    """What `start_list_order` would draw. Raises as it does."""
    return preview(tx, drafts=_lines(tx, order, models), models=models)


def start_grid_order(tx: Session, *, order: GridOrder, models: Sequence[ModelCard], request_key: str) -> GenerationCard:
    """Raises Invalid, NotFound."""
    return start_grid(tx, draft=order.draft, axes=order.axes, models=models, request_key=request_key)


def preview_grid_order(tx: Session, *, order: GridOrder, models: Sequence[ModelCard]) -> RequestPreview:
    """What `start_grid_order` would draw. Raises Invalid, NotFound."""
    return preview_grid(tx, draft=order.draft, axes=order.axes, models=models)


def _lines(tx: Session, order: ListOrder, models: Sequence[ModelCard]) -> list[GenerationDraft]:
    checked = check_lines(tx, apply_to(order.lines, order.draft), models=models)
    problems = [tr_lazy("Line {n}: {problem}", n=line.number, problem=line.problem) for line in checked if line.problem]
    if problems:
        n_more = len(problems) - _MAX_PROBLEMS_LISTED
        rest = tr_lazy("And {n} more lines.", n=n_more) if n_more > 0 else ""
        raise Invalid(joined(*problems[:_MAX_PROBLEMS_LISTED], rest))
    return [line.draft for line in checked if line.draft]
