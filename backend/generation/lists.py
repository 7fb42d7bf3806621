"""Prompts from a list: pasted lines, a text file, or a table with the columns prompt, n, seed and size. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.errors import Invalid, StudioError
from backend.generation.rules import SIZES
from backend.generation.schemas import MAX_PICTURES_IN_BATCH, GenerationDraft
from backend.language import tr_lazy

COLUMNS = ("prompt", "negative", "n", "seed", "size")
_COLUMN_ALIASES = {
    "text": "prompt",
    "positive": "prompt",
    "negative prompt": "negative",
    "negative_prompt": "negative",
    "count": "n",
    "pictures": "n",
    "number": "n",
    "format": "size",
}
MAX_LIST_CHARS = 1_000_000
_SAME_FOR_ALL_LINES = {
    "influencer_id": tr_lazy("The influencer is the same for all lines: give it in draft, or ask for this line alone."),
    "mask_asset_id": tr_lazy("The mask is the same for all lines: give it in draft, or ask for this line alone."),
    "feather": tr_lazy("The mask's edge is the same for all lines: give it in draft, or ask for this line alone."),
    "pose": tr_lazy("The pose is the same for all lines: give it in draft, or ask for this line alone."),
    "second_pass": tr_lazy("The second pass is the same for all lines: give it in draft, or ask for this line alone."),
    "workflow_id": tr_lazy("The workflow is the same for all lines: give it in draft, or ask for this line alone."),
}
"""Fields of a draft that one request can have only once, and what is said of a line that gives one."""


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line of a list. `number` counts from 1; `prompt` is as written; `draft` None: `problem` says why it cannot be
    drawn."""

    number: int
    prompt: str
    draft: GenerationDraft | None
    problem: str = ""


def parse_list(text: str, base: GenerationDraft) -> list[ListLine]:
    """Drafts of the lines of `text`: one prompt a line, or a CSV table whose head names COLUMNS. Each line overrides `base`.

    Empty lines and lines that begin with # are left out. A line that cannot be drawn has a `problem`; a list that is too long
    or unreadable raises Invalid.
    """
    if len(text) > MAX_LIST_CHARS:
        raise Invalid(tr_lazy("This list is longer than a million characters. Split it."))
    text = text.lstrip("\ufeff").replace("\x00", "")
    rows = list(_rows(text))
    if not rows:
        raise Invalid(tr_lazy("Write one prompt a line, or choose a file."))
    if len(rows) > MAX_PICTURES_IN_BATCH:
        raise Invalid(
            tr_lazy(
                "This list has {n:,} lines; at most {max_pictures_in_batch} pictures at once. Split it.",
                n=len(rows),
                max_pictures_in_batch=MAX_PICTURES_IN_BATCH,
            )
        )
    return _check_total([_line_from_row(number, values, base) for number, values in rows])


def apply_to(lines: Sequence[str | Mapping[str, Any]], base: GenerationDraft) -> list[ListLine]:
    """Drafts of `lines` (prompts, or fields of a draft), each overriding `base`; one picture each unless a line gives `n`.

    Raises Invalid when they ask for too many pictures together.
    """
    return _check_total(
        [
            _line_over_base(number, {"prompt": line} if isinstance(line, str) else line, base)
            for number, line in enumerate(lines, 1)
        ]
    )


def _line_over_base(number: int, values: Mapping[str, Any], base: GenerationDraft) -> ListLine:
    without_base_size = {"width": None, "height": None} if "size" in values else {}
    prompt = str(values.get("prompt", base.prompt))
    try:
        draft = GenerationDraft(**{**dict(base), "n": 1, **without_base_size, **values})
    except StudioError as error:
        return ListLine(number, prompt, None, error.message)
    for name, problem in _SAME_FOR_ALL_LINES.items():
        if getattr(draft, name) != getattr(base, name):
            return ListLine(number, prompt, None, problem)
    if draft.mask_asset_id and draft.init_asset_id != base.init_asset_id:
        return ListLine(
            number, prompt, None, tr_lazy("The mask lies on one picture: leave out the mask, or ask for this line alone.")
        )
    return ListLine(number, prompt, draft)


def _check_total(lines: list[ListLine]) -> list[ListLine]:
    total = sum(line.draft.n for line in lines if line.draft)
    if total > MAX_PICTURES_IN_BATCH:
        raise Invalid(
            tr_lazy(
                "This list asks for {total:,} pictures; at most {most} at once. Ask for fewer of each, or split it.",
                total=total,
                most=MAX_PICTURES_IN_BATCH,
            )
        )
    return lines


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((sign for sign in ("\t", ";", ",") if sign in first_line), ",")
    names = [_column_name(cell) for cell in next(csv.reader([first_line], delimiter=delimiter), [])]
    if "prompt" in names and all(name in COLUMNS for name in names):
        yield from _table(text, delimiter)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, {"prompt": line.strip()}


def _table(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    names: list[str] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            if not names:
                names = [_column_name(cell) for cell in row]
                continue
            values = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
            yield reader.line_num, values | ({"": "more"} if len(row) > len(names) else {})
    except csv.Error as error:
        raise Invalid(
            tr_lazy(
                "This table cannot be read ({error}). Save it again as CSV, with prompts in quotation marks.", error=str(error)
            )
        ) from error


def _column_name(cell: str) -> str:
    name = cell.strip().strip('"').lower()
    return _COLUMN_ALIASES.get(name, name)


def _line_from_row(number: int, values: dict[str, str], base: GenerationDraft) -> ListLine:
    prompt = values.get("prompt", "")
    if "" in values:
        return ListLine(number, prompt, None, tr_lazy("More cells than columns. Put prompts with commas in quotation marks."))
    if not prompt:
        return ListLine(number, prompt, None, tr_lazy("The prompt is missing."))
    changes: dict[str, object] = {"prompt": prompt, "n": 1}
    try:
        for name in ("n", "seed"):
            if name in values:
                changes[name] = int(values[name])
    except ValueError:
        return ListLine(
            number, prompt, None, tr_lazy("{column} must be a whole number, not “{text}”.", column=name, text=values[name][:20])
        )
    if "negative" in values:
        changes["negative_prompt"] = values["negative"]
    if "size" in values:
        size = values["size"].lower()
        if size not in SIZES:
            return ListLine(
                number,
                prompt,
                None,
                tr_lazy("There is no size “{size}”. Choose one of: {sizes}.", size=size[:20], sizes=", ".join(SIZES)),
            )
        changes |= {"size": size, "width": None, "height": None}
    try:
        return ListLine(number, prompt, GenerationDraft(**{**dict(base), **changes}))
    except StudioError as error:
        return ListLine(number, prompt, None, error.message)
