"""Prompts from a list: pasted lines, a text file, or a table with the columns prompt, n, seed and size. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.errors import Invalid, StudioError
from backend.generation.rules import SIZES
from backend.generation.schemas import MOST_IN_BATCH, GenerationDraft

COLUMNS = ("prompt", "negative", "n", "seed", "size")
_ALSO = {
    "text": "prompt", "positive": "prompt", "negative prompt": "negative", "negative_prompt": "negative", "count": "n",
    "pictures": "n", "number": "n", "format": "size",
}  # fmt: skip
LONGEST = 1_000_000
_ONE_FOR_ALL = {
    "influencer_id": "The influencer", "mask_asset_id": "The mask", "feather": "The mask's edge", "pose": "The pose",
    "second_pass": "The second pass", "workflow_id": "The workflow",
}  # fmt: skip
"""What a request has once, however many lines it draws."""


@dataclass(frozen=True, slots=True)
class Line:
    """`number`: of the line, from 1. `draft` None: `problem` says why it cannot be drawn."""

    number: int
    said: str
    draft: GenerationDraft | None
    problem: str = ""


def parse(text: str, base: GenerationDraft) -> list[Line]:
    """Each line laid over `base`; empty lines and lines that begin with # are left out. Raises Invalid for the whole list."""
    if len(text) > LONGEST:
        raise Invalid("This list is longer than a million characters. Split it.")
    text = text.lstrip("\ufeff").replace("\x00", "")
    rows = list(_rows(text))
    if not rows:
        raise Invalid("Write one prompt a line, or choose a file.")
    if len(rows) > MOST_IN_BATCH:
        raise Invalid(f"This list has {len(rows):,} lines; at most {MOST_IN_BATCH} pictures at once. Split it.")
    return _few([_line(number, values, base) for number, values in rows])


def apply_to(lines: Sequence[str | Mapping[str, Any]], base: GenerationDraft) -> list[Line]:
    """Prompts, or values of drafts, each laid over `base` as one picture unless it says `n`. Raises Invalid for them all."""
    return _few([_over(number, {"prompt": one} if isinstance(one, str) else one, base) for number, one in enumerate(lines, 1)])


def _over(number: int, values: Mapping[str, Any], base: GenerationDraft) -> Line:
    own_size = {"width": None, "height": None} if "size" in values else {}
    said = str(values.get("prompt", base.prompt))
    try:
        draft = GenerationDraft(**{**dict(base), "n": 1, **own_size, **values})
    except StudioError as error:
        return Line(number, said, None, error.message)
    for name, words in _ONE_FOR_ALL.items():
        if getattr(draft, name) != getattr(base, name):
            return Line(number, said, None, f"{words} is the same for all lines: give it in draft, or ask for this line alone.")
    if draft.mask_asset_id and draft.init_asset_id != base.init_asset_id:
        return Line(number, said, None, "The mask lies on one picture: leave out the mask, or ask for this line alone.")
    return Line(number, said, draft)


def _few(lines: list[Line]) -> list[Line]:
    total = sum(line.draft.n for line in lines if line.draft)
    if total > MOST_IN_BATCH:
        raise Invalid(
            f"This list asks for {total:,} pictures; at most {MOST_IN_BATCH} at once. Ask for fewer of each, or split it."
        )
    return lines


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    mark = next((sign for sign in ("\t", ";", ",") if sign in head), ",")
    names = [_name(cell) for cell in next(csv.reader([head], delimiter=mark), [])]
    if "prompt" in names and all(name in COLUMNS for name in names):
        yield from _table(text, mark)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, {"prompt": line.strip()}


def _table(text: str, mark: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True)
    names: list[str] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            if not names:
                names = [_name(cell) for cell in row]
                continue
            values = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
            yield reader.line_num, values | ({"": "more"} if len(row) > len(names) else {})
    except csv.Error as error:
        raise Invalid(f"This table cannot be read ({error}). Save it again as CSV, with prompts in quotation marks.") from error


def _name(cell: str) -> str:
    word = cell.strip().strip('"').lower()
    return _ALSO.get(word, word)


def _line(number: int, values: dict[str, str], base: GenerationDraft) -> Line:
    said = values.get("prompt", "")
    if "" in values:
        return Line(number, said, None, "More cells than columns. Put prompts with commas in quotation marks.")
    if not said:
        return Line(number, said, None, "The prompt is missing.")
    changes: dict[str, object] = {"prompt": said, "n": 1}
    try:
        for name in ("n", "seed"):
            if name in values:
                changes[name] = int(values[name])
    except ValueError:
        return Line(number, said, None, f"{name} must be a whole number, not “{values[name][:20]}”.")
    if "negative" in values:
        changes["negative_prompt"] = values["negative"]
    if "size" in values:
        size = values["size"].lower()
        if size not in SIZES:
            return Line(number, said, None, f"There is no size “{size[:20]}”. Choose one of: {', '.join(SIZES)}.")
        changes |= {"size": size, "width": None, "height": None}
    try:
        return Line(number, said, GenerationDraft(**{**dict(base), **changes}))
    except StudioError as error:
        return Line(number, said, None, error.message)
