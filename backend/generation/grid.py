"""Grids: up to three things that change, every combination drawn once with the same seed. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor, isfinite, prod
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from backend.engines.image.port import ModelCard
from backend.errors import Invalid
from backend.generation.schemas import MAX_SEED, MOST_IN_BATCH, GenerationDraft, Grid, GridAxis, LoraPick
from backend.kit.drafts import Draft

Kind = Literal["steps", "cfg", "sampler", "seed", "lora", "replace", "model", "strength"]
KINDS: dict[str, str] = {
    "steps": "Steps",
    "cfg": "Guidance (CFG)",
    "sampler": "Sampler",
    "seed": "Seed",
    "lora": "LoRA weight",
    "replace": "Words in the prompt",
    "model": "Model",
    "strength": "How far from the starting picture",
}
assert set(KINDS) == set(get_args(Kind))
MOST_VALUES = 30
MOST_AXES = 3
LONGEST = 2000
"""Characters of a prompt, and of one value."""
_RANGE = re.compile(r"(-?[0-9.]+)\s*-\s*(-?[0-9.]+)\s*(?:\(\s*\+?(-?[0-9.]+)\s*\)|\[\s*([0-9]+)\s*\])?")
_Change = Callable[[GenerationDraft], GenerationDraft]


class AxisDraft(Draft):
    """`values` as written: `10, 20, 30`, `10-30 (+5)` or `0.4-1 [4]` for numbers; for words what is looked for comes first.

    `lora_id`: whose weight changes.
    """

    kind: Kind
    values: tuple[Annotated[str, Field(max_length=LONGEST)], ...] = ()
    lora_id: str | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _written(cls, values: Any) -> Any:
        """Programs say numbers as numbers."""
        return [str(one) if isinstance(one, (int, float)) else one for one in values] if isinstance(values, list) else values


@dataclass(frozen=True, slots=True)
class Cells:
    """One draft for each picture, in the order of their numbers, and what the axes say."""

    drafts: tuple[GenerationDraft, ...]
    grid: Grid


def cells(
    draft: GenerationDraft, axes: Sequence[AxisDraft], models: Sequence[ModelCard], lora_names: Mapping[str, str]
) -> Cells:
    """Every combination of the axes laid over `draft`. Raises Invalid."""
    if not axes:
        raise Invalid("Choose at least one thing that changes in the grid.")
    if len(axes) > MOST_AXES:
        raise Invalid(f"A grid has at most {MOST_AXES} axes.")
    same = [(axis.kind, axis.lora_id) for axis in axes if axis.kind != "replace"]
    if len(same) != len(set(same)):
        raise Invalid("Two axes change the same thing. Choose another for one of them.")
    steps = [_changes(axis, draft, models, lora_names) for axis in axes]
    sizes = [len(changes) for _, changes in steps]
    if prod(sizes) > MOST_IN_BATCH:
        said = " × ".join(map(str, sizes))
        raise Invalid(f"This grid has {said} = {prod(sizes):,} pictures; at most {MOST_IN_BATCH}. Take some values out.")
    drafts = []
    # Another model brings values of its own: what the other axes say is laid over them.
    order = sorted(range(len(axes)), key=lambda at: axes[at].kind != "model")
    for combination in product(*([change for _, change in changes] for _, changes in reversed(steps))):
        one, along = draft.model_copy(update={"n": 1}), combination[::-1]
        for at in order:
            one = along[at](one)
        drafts.append(one)
    grid = Grid(tuple(GridAxis(title, tuple(label for label, _ in changes)) for title, changes in steps))
    return Cells(tuple(drafts), grid)


def numbers(words: Sequence[str], *, whole: bool = False) -> list[float]:
    """`["10-30 (+10)", "50"]` -> 10, 20, 30, 50. Raises Invalid."""
    found: list[float] = []
    for word in words:
        match = _RANGE.fullmatch(word.strip())
        try:
            found += _range(*match.groups()) if match else [_finite(word)]
        except (ValueError, OverflowError) as error:
            raise Invalid(f"“{word[:30]}” is no number. Write for example 10, 20, 30 or 10-30 (+5).") from error
        if len(found) > MOST_VALUES:
            raise Invalid(f"An axis has at most {MOST_VALUES} values.")
    found = list(dict.fromkeys(round(value) if whole else round(value, 4) for value in found))
    if not found:
        raise Invalid("Write the values of each axis, for example 10, 20, 30.")
    return found


def split(text: str) -> tuple[str, ...]:
    """What is written in one field: by lines where there are some, else by commas."""
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _finite(word: str) -> float:
    if not isfinite(value := float(word)):
        raise ValueError(word)
    return value


def _range(low: str, high: str, step: str | None, count: str | None) -> list[float]:
    first, last = float(low), float(high)
    if count:
        n = int(count)
        if not 2 <= n <= MOST_VALUES:
            raise Invalid(f"In {low}-{high} [{count}] the number of values must be 2 to {MOST_VALUES}.")
        return [first + (last - first) * at / (n - 1) for at in range(n)]
    by = float(step) if step else 1.0
    if not by or (last - first) / by < 0:
        raise Invalid(f"{low}-{high} never ends with steps of {by:g}. Turn it round.")
    n = floor((last - first) / by + 1e-9) + 1
    if n > MOST_VALUES:
        raise Invalid(
            f"{low}-{high} has {n:,} values; an axis has at most {MOST_VALUES}. Write a larger step: ({low}-{high} (+5))."
        )
    return [first + by * at for at in range(n)]


def _changes(
    axis: AxisDraft, draft: GenerationDraft, models: Sequence[ModelCard], lora_names: Mapping[str, str]
) -> tuple[str, list[tuple[str, _Change]]]:
    title = KINDS[axis.kind]
    match axis.kind:
        case "steps" | "seed":
            most = 150 if axis.kind == "steps" else MAX_SEED
            whole = [_between(int(value), axis.kind == "steps", most, title) for value in numbers(axis.values, whole=True)]
            return title, [(str(value), _set(**{axis.kind: value})) for value in whole]
        case "cfg" | "strength":
            least, most_f = (0.0, 30.0) if axis.kind == "cfg" else (0.05, 1.0)
            floats = [_between(value, least, most_f, title) for value in numbers(axis.values)]
            return title, [(f"{value:g}", _set(**{axis.kind: value})) for value in floats]
        case "sampler" | "model":
            names = _chosen(axis.values, title)
            titles = {card.name: card.title for card in models} if axis.kind == "model" else {}
            # Another model has samplers, steps and guidance of its own.
            own = {"sampler": "", "steps": None, "cfg": None} if axis.kind == "model" else {}
            return title, [(titles.get(name, name), _set(**{**own, axis.kind: name})) for name in names]
        case "lora":
            name = lora_names.get(axis.lora_id or "")
            if not name:
                raise Invalid("Choose the LoRA whose weight changes.")
            weights = [_between(value, -2.0, 2.0, title) for value in numbers(axis.values)]
            return f"Weight of {name}", [(f"{value:g}", _weigh(str(axis.lora_id), name, value)) for value in weights]
        case "replace":
            words = _chosen(axis.values, title)
            if words[0] not in draft.prompt and words[0] not in draft.negative_prompt:
                raise Invalid(
                    f"“{words[0][:60]}” is not in the prompt. The first one is looked for, the others take its place."
                )
            return f"“{_line(words[0])}”", [(_line(word), _replace(words[0], word)) for word in words]


def _chosen(values: Sequence[str], title: str) -> list[str]:
    found = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if not found:
        raise Invalid(f"Choose the values of “{title}”.")
    if len(found) > MOST_VALUES:
        raise Invalid(f"An axis has at most {MOST_VALUES} values.")
    return found


def _line(words: str) -> str:
    """As it stands beside the pictures."""
    return " ".join(words.split())[:80]


def _between(value: Any, least: float, most: float, title: str) -> Any:
    if not least <= value <= most:
        raise Invalid(f"{title}: {value:g} is not between {least:g} and {most:g}.")
    return value


def _set(**values: Any) -> _Change:
    return lambda draft: draft.model_copy(update=values)


def _replace(old: str, new: str) -> _Change:
    def change(draft: GenerationDraft) -> GenerationDraft:
        words = {"prompt": draft.prompt.replace(old, new), "negative_prompt": draft.negative_prompt.replace(old, new)}
        if (longest := max(map(len, words.values()))) > LONGEST:
            raise Invalid(f"With “{_line(new)}” the prompt has {longest:,} characters; at most {LONGEST:,}. Take fewer words.")
        return draft.model_copy(update=words)

    return change


def _weigh(lora_id: str, name: str, weight: float) -> _Change:
    tag = re.compile(rf"<\s*lora\s*:\s*{re.escape(name)}\s*(:[^<>]*)?>", re.IGNORECASE)

    def change(draft: GenerationDraft) -> GenerationDraft:
        rest = tuple(pick for pick in draft.loras if pick.lora_id != lora_id)
        picks = (*rest, LoraPick(lora_id=lora_id, weight=weight))
        return draft.model_copy(update={"loras": picks, "prompt": tag.sub("", draft.prompt)})

    return change
