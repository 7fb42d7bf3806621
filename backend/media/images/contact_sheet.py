"""Many pictures on one, in rows and columns with words beside them. For pictures we made ourselves; runs in a worker."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Placed = tuple[Path, str] | None
"""A picture file and the words under it; None: an empty place."""
MOST_PIXELS = 24_000_000
SMALLEST, LARGEST = 96, 384
_PAPER, _INK, _GREY, _EMPTY = "#ffffff", "#1c1c24", "#6b6b78", "#ececf0"
_GAP = 8


def side_for(columns: int, rows: int) -> int:
    """The side of a picture in px so that the whole sheet stays below 24 megapixels."""
    return max(SMALLEST, min(LARGEST, isqrt(MOST_PIXELS // max(1, (columns + 1) * rows))))


def draw(target: Path, *, title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Placed]]], side: int) -> None:
    """Writes a PNG. `columns`: words above (lines parted by newlines); `rows`: words at the left, then one place a column."""
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
    for n, column in enumerate(columns):
        pen.multiline_text((_GAP + label + n * (side + _GAP), top), column, _INK, font)
    for m, (words, places) in enumerate(rows):
        y = top + head + m * (side + foot + _GAP)
        pen.multiline_text((_GAP, y), _wrapped(words, label - 2 * _GAP, font), _INK, font)
        for n, placed in enumerate(places):
            _place(sheet, pen, placed, (_GAP + label + n * (side + _GAP), y), side, font)
    sheet.save(target, "PNG", compress_level=6)


def _place(sheet: Image.Image, pen: ImageDraw.ImageDraw, placed: Placed, at: tuple[int, int], side: int, font: Font) -> None:
    if placed is None:
        pen.rectangle((*at, at[0] + side, at[1] + side), _EMPTY)
        return
    path, words = placed
    with Image.open(path) as opened:
        fitted = ImageOps.pad(opened.convert("RGB"), (side, side), Image.Resampling.LANCZOS, color=_EMPTY)
    sheet.paste(fitted, at)
    pen.text((at[0], at[1] + side + 2), words, _GREY, font)


def _wrapped(words: str, width: int, font: Font) -> str:
    per_line = max(8, int(width / max(1.0, font.getlength("n"))))
    return "\n".join(line for part in words.split("\n") for line in textwrap.wrap(part, per_line) or [""])
