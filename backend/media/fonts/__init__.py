"""The fonts that come along for subtitles: one static cut of each family (SIL Open Font License 1.1, OFL.txt).

libass looks a font up by its family, and draws neither variable fonts in bold nor emoji in colour
(docs/contracts/ffmpeg.md, 5).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

FOLDER = Path(__file__).parent
"""For ffmpeg's `fontsdir`."""
SubtitleFont = Literal["Noto Sans", "Montserrat", "Anton", "Playfair Display", "Caveat"]
"""Families that subtitles may be set in."""
SUBTITLE_FONTS: tuple[SubtitleFont, ...] = get_args(SubtitleFont)
TEXT_FONT: SubtitleFont = "Noto Sans"
"""The family with the most scripts: for words that another one has no glyphs for."""
EMOJI_FONT = "Noto Emoji"
REGULAR_FONTS = frozenset(["Anton"])
"""Families whose cut is not a bold one: asked for bold letters, libass would thicken them."""
_FILES = {
    TEXT_FONT: "NotoSans-Bold.ttf",
    EMOJI_FONT: "NotoEmoji-Bold.ttf",
    "Montserrat": "Montserrat-Bold.ttf",
    "Anton": "Anton-Regular.ttf",
    "Playfair Display": "PlayfairDisplay-Bold.ttf",
    "Caveat": "Caveat-Bold.ttf",
}
_DRAWN_AS_NOTHING = frozenset(["Mn", "Cf", "Cc", "Zs", "Zl", "Zp"])
"""Unicode categories of characters that need no glyph of their own: marks that are composed, joiners, blanks."""


def missing_glyphs(text: str) -> str:
    """The characters of `text` that no font has, each once, in their order: another machine would draw them otherwise."""
    drawn = code_points(TEXT_FONT) | code_points(EMOJI_FONT)
    return "".join(dict.fromkeys(char for char in _drawn_characters(text) if ord(char) not in drawn))


def can_draw(family: str, text: str) -> bool:
    """Whether the family has a glyph for each character of `text`. Raises as `code_points`."""
    return all(ord(char) in code_points(family) for char in _drawn_characters(text))


def _drawn_characters(text: str) -> Iterator[str]:
    composed = unicodedata.normalize("NFC", text)
    return (char for char in composed if unicodedata.category(char) not in _DRAWN_AS_NOTHING)


@lru_cache
def code_points(family: str) -> frozenset[int]:
    """The code points that a family has glyphs for. Raises KeyError for a family that does not come along."""
    # only who writes subtitles waits for this import (0.1 s)
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / _FILES[family], lazy=True) as font:
        return frozenset(font.getBestCmap())
