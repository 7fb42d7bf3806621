"""Contact sheets: many pictures on one, in labelled rows and columns. Only for pictures of our engines; runs in a worker."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SheetCell = tuple[Path, str] | None
"""(picture file, text under it); None: an empty cell."""
MAX_PIXELS = 24_000_000
MIN_SIDE, MAX_SIDE = 96, 384
_PAPER, _INK, _GREY, _EMPTY_CELL = "#ffffff", "#1c1c24", "#6b6b78", "#ececf0"
_GAP = 8


def picture_side(columns: int, rows: int) -> int:
    """Side of each picture in px, so that the whole sheet stays below MAX_PIXELS."""
    return max(MIN_SIDE, min(MAX_SIDE, isqrt(MAX_PIXELS // max(1, (columns + 1) * rows))))


def draw_sheet(
    target: Path, *, title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[SheetCell]]], side: int
) -> None:
    """Writes a PNG. `columns`: headings (with line breaks); `rows`: (label at the left, one cell for each column)."""
    size = max(11, side // 16)
    font, large = ImageFont.load_default(size), ImageFont.load_default(round(size * 1.5))
    line = round(size * 1.35)
    label, foot = max(side, 160), line + _GAP
    head = line * max(column.count("\n") + 1 for column in columns) + _GAP
    top = round(line * 1.6) + 2 * _GAP
    width = label + len(columns) * (side + _GAP) + 2 * _GAP
    sheet = Image.new("RGB", (width, top + head + len(rows) * (side + foot + _GAP) + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, _GAP), title, _INK, large)
    for column_index, column in enumerate(columns):
        pen.multiline_text((_GAP + label + column_index * (side + _GAP), top), column, _INK, font)
    for row, (text, cells) in enumerate(rows):
        y = top + head + row * (side + foot + _GAP)
        pen.multiline_text((_GAP, y), _wrap(text, label - 2 * _GAP, font), _INK, font)
        for column_index, cell in enumerate(cells):
            _draw_cell(sheet, pen, cell, (_GAP + label + column_index * (side + _GAP), y), side, font)
    sheet.save(target, "PNG", compress_level=6)


def _draw_cell(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: SheetCell, at: tuple[int, int], side: int, font: Font
) -> None:
    if cell is None:
        pen.rectangle((*at, at[0] + side, at[1] + side), _EMPTY_CELL)
        return
    path, text = cell
    with Image.open(path) as image:
        fitted = ImageOps.pad(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS, color=_EMPTY_CELL)
    sheet.paste(fitted, at)
    pen.text((at[0], at[1] + side + 2), text, _GREY, font)


def _wrap(text: str, width: int, font: Font) -> str:
    per_line = max(8, int(width / max(1.0, font.getlength("n"))))
    return "\n".join(line for part in text.split("\n") for line in textwrap.wrap(part, per_line) or [""])
