"""Grids: up to three things that change, every combination drawn once with the same seed. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor, isfinite, prod
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.generation.schemas import MAX_PICTURES_IN_BATCH, MAX_SEED, GenerationDraft, Grid, GridAxis, LoraPick
from backend.kit.drafts import Draft
from backend.language import tr_lazy

AxisKind = Literal["steps", "cfg", "sampler", "seed", "lora", "replace", "model", "strength"]
AXIS_KINDS: dict[str, str] = {
    "steps": tr_lazy("Steps"),
    "cfg": tr_lazy("Guidance (CFG)"),
    "sampler": tr_lazy("Sampler"),
    "seed": tr_lazy("Seed"),
    "lora": tr_lazy("LoRA weight"),
    "replace": tr_lazy("Words in the prompt"),
    "model": tr_lazy("Model"),
    "strength": tr_lazy("How far from the start image"),
}
assert set(AXIS_KINDS) == set(get_args(AxisKind))
MAX_VALUES = 30
MAX_AXES = 3
MAX_PROMPT_CHARS = 2000
"""Characters of a prompt, and of one value."""
_RANGE = re.compile(r"(-?[0-9.]+)\s*-\s*(-?[0-9.]+)\s*(?:\(\s*\+?(-?[0-9.]+)\s*\)|\[\s*([0-9]+)\s*\])?")
_DraftChange = Callable[[GenerationDraft], GenerationDraft]


class AxisDraft(Draft):
    """`values` as written: `10, 20, 30`, `10-30 (+5)` or `0.4-1 [4]` for numbers. Of kind `replace`: the first is looked for in
    the prompt, the others take its place. `lora_id`: the LoRA whose weight changes.
    """

    kind: AxisKind
    values: tuple[Annotated[str, Field(max_length=MAX_PROMPT_CHARS)], ...] = ()
    lora_id: str | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _written(cls, values: Any) -> Any:
        """API callers may send numbers as numbers."""
        return (
            [str(value) if isinstance(value, (int, float)) else value for value in values]
            if isinstance(values, list)
            else values
        )


@dataclass(frozen=True, slots=True)
class GridDrafts:
    """One draft for each picture, in the order of their numbers, and the titles and labels of the axes."""

    drafts: tuple[GenerationDraft, ...]
    grid: Grid


def grid_drafts(
    draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard], lora_names: Mapping[str, str]
) -> GridDrafts:
    """Every combination of the axes' values applied to `draft`. Raises Invalid."""
    if not axes:
        raise Invalid(tr_lazy("Choose at least one thing that changes in the grid."))
    if len(axes) > MAX_AXES:
        raise Invalid(tr_lazy("A grid has at most {max_axes} axes.", max_axes=MAX_AXES))
    changed_fields = [(axis.kind, axis.lora_id) for axis in axes if axis.kind != "replace"]
    if len(changed_fields) != len(set(changed_fields)):
        raise Invalid(tr_lazy("Two axes change the same thing. Choose another for one of them."))
    axis_changes = [_axis_changes(axis, draft, models, lora_names) for axis in axes]
    sizes = [len(changes) for _, changes in axis_changes]
    if prod(sizes) > MAX_PICTURES_IN_BATCH:
        product_text = " × ".join(map(str, sizes))
        raise Invalid(
            tr_lazy(
                "This grid has {product_text} = {prod:,} pictures; at most {max_pictures_in_batch}. Remove some values.",
                product_text=product_text,
                prod=prod(sizes),
                max_pictures_in_batch=MAX_PICTURES_IN_BATCH,
            )
        )
    drafts = []
    # The model axis is applied first: it resets steps, sampler and guidance, which other axes may then set.
    axis_order = sorted(range(len(axes)), key=lambda at: axes[at].kind != "model")
    for combination in product(*([change for _, change in changes] for _, changes in reversed(axis_changes))):
        cell, changes_along_axes = draft.model_copy(update={"n": 1}), combination[::-1]
        for at in axis_order:
            cell = changes_along_axes[at](cell)
        drafts.append(cell)
    grid = Grid(tuple(GridAxis(title, tuple(label for label, _ in changes)) for title, changes in axis_changes))
    return GridDrafts(tuple(drafts), grid)


def parse_numbers(texts: Sequence[str], *, whole: bool = False) -> list[float]:
    """`["10-30 (+10)", "50"]` -> 10, 20, 30, 50. Raises Invalid."""
    values: list[float] = []
    for text in texts:
        match = _RANGE.fullmatch(text.strip())
        try:
            values += _range(*match.groups()) if match else [_finite(text)]
        except (ValueError, OverflowError) as error:
            raise Invalid(
                tr_lazy("“{text}” is not a number. Write for example 10, 20, 30 or 10-30 (+5).", text=text[:30])
            ) from error
        if len(values) > MAX_VALUES:
            raise Invalid(tr_lazy("An axis has at most {max_values} values.", max_values=MAX_VALUES))
    values = list(dict.fromkeys(round(value) if whole else round(value, 4) for value in values))
    if not values:
        raise Invalid(tr_lazy("Write the values of each axis, for example 10, 20, 30."))
    return values


def split_values(text: str) -> tuple[str, ...]:
    """Values written into one field: split at line breaks when there are any, else at commas."""
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _finite(text: str) -> float:
    if not isfinite(value := float(text)):
        raise ValueError(text)
    return value


def _range(low: str, high: str, step: str | None, count: str | None) -> list[float]:
    first, last = float(low), float(high)
    if count:
        n = int(count)
        if not 2 <= n <= MAX_VALUES:
            raise Invalid(
                tr_lazy(
                    "In {low}-{high} [{n}] the number of values must be 2 to {max_values}.",
                    low=low,
                    high=high,
                    n=count,
                    max_values=MAX_VALUES,
                )
            )
        return [first + (last - first) * at / (n - 1) for at in range(n)]
    by = float(step) if step else 1.0
    if not by or (last - first) / by < 0:
        raise Invalid(tr_lazy("{low}-{high} never ends with steps of {by:g}. Swap the two numbers.", low=low, high=high, by=by))
    n = floor((last - first) / by + 1e-9) + 1
    if n > MAX_VALUES:
        raise Invalid(
            tr_lazy(
                "{low}-{high} has {n:,} values; an axis has at most {max_values}. Write a larger step: ({low}-{high} (+5)).",
                low=low,
                high=high,
                n=n,
                max_values=MAX_VALUES,
            )
        )
    return [first + by * at for at in range(n)]


def _axis_changes(
    axis: AxisDraft, draft: GenerationDraft, models: Sequence[ModelCard], lora_names: Mapping[str, str]
) -> tuple[str, list[tuple[str, _DraftChange]]]:
    title = AXIS_KINDS[axis.kind]
    match axis.kind:
        case "steps" | "seed":
            most = 150 if axis.kind == "steps" else MAX_SEED
            whole = [
                _check_range(int(value), axis.kind == "steps", most, title) for value in parse_numbers(axis.values, whole=True)
            ]
            return title, [(str(value), _set_fields(**{axis.kind: value})) for value in whole]
        case "cfg" | "strength":
            least, most_f = (0.0, 30.0) if axis.kind == "cfg" else (0.05, 1.0)
            floats = [_check_range(value, least, most_f, title) for value in parse_numbers(axis.values)]
            return title, [(f"{value:g}", _set_fields(**{axis.kind: value})) for value in floats]
        case "sampler" | "model":
            names = _distinct_values(axis.values, title)
            titles = {card.name: card.title for card in models} if axis.kind == "model" else {}
            # Samplers, steps and guidance of one model do not fit another: None means the model's own.
            own = {"sampler": "", "steps": None, "cfg": None} if axis.kind == "model" else {}
            return title, [(titles.get(name, name), _set_fields(**{**own, axis.kind: name})) for name in names]
        case "lora":
            name = lora_names.get(axis.lora_id or "")
            if not name:
                raise Invalid(tr_lazy("Choose the LoRA whose weight changes."))
            weights = [_check_range(value, -2.0, 2.0, title) for value in parse_numbers(axis.values)]
            return tr_lazy("Weight of {name}", name=name), [
                (f"{value:g}", _set_lora_weight(str(axis.lora_id), name, value)) for value in weights
            ]
        case "replace":
            texts = _distinct_values(axis.values, title)
            if texts[0] not in draft.prompt and texts[0] not in draft.negative_prompt:
                raise Invalid(
                    tr_lazy(
                        "“{texts}” is not in the prompt. The first one is looked for, the others take its place.",
                        texts=texts[0][:60],
                    )
                )
            return f"“{_label(texts[0])}”", [(_label(text), _replace(texts[0], text)) for text in texts]


def _distinct_values(values: Sequence[str], title: str) -> list[str]:
    distinct = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if not distinct:
        raise Invalid(tr_lazy("Choose the values of “{title}”.", title=title))
    if len(distinct) > MAX_VALUES:
        raise Invalid(tr_lazy("An axis has at most {max_values} values.", max_values=MAX_VALUES))
    return distinct


def _label(value: str) -> str:
    """A value as the label beside the pictures: one line, at most 80 characters."""
    return " ".join(value.split())[:80]


def _check_range(value: Any, least: float, most: float, title: str) -> Any:
    if not least <= value <= most:
        raise Invalid(
            tr_lazy("{title}: {what:g} is not between {least:g} and {most:g}.", title=title, what=value, least=least, most=most)
        )
    return value


def _set_fields(**values: Any) -> _DraftChange:
    return lambda draft: draft.model_copy(update=values)


def _replace(old: str, new: str) -> _DraftChange:
    def change(draft: GenerationDraft) -> GenerationDraft:
        replaced = {"prompt": draft.prompt.replace(old, new), "negative_prompt": draft.negative_prompt.replace(old, new)}
        if (longest := max(map(len, replaced.values()))) > MAX_PROMPT_CHARS:
            raise Invalid(
                tr_lazy(
                    "With “{label}” the prompt has {longest:,} characters; at most {max_prompt_chars:,}. Use fewer words.",
                    label=_label(new),
                    longest=longest,
                    max_prompt_chars=MAX_PROMPT_CHARS,
                )
            )
        return draft.model_copy(update=replaced)

    return change


def _set_lora_weight(lora_id: str, name: str, weight: float) -> _DraftChange:
    tag = re.compile(rf"<\s*lora\s*:\s*{re.escape(name)}\s*(:[^<>]*)?>", re.IGNORECASE)

    def change(draft: GenerationDraft) -> GenerationDraft:
        rest = tuple(pick for pick in draft.loras if pick.lora_id != lora_id)
        picks = (*rest, LoraPick(lora_id=lora_id, weight=weight))
        return draft.model_copy(update={"loras": picks, "prompt": tag.sub("", draft.prompt)})

    return change
