"""The fonts that come along for subtitles: static bold cuts of Noto Sans and Noto Emoji (SIL Open Font License 1.1, OFL.txt).

libass looks a font up by its family, and draws neither variable fonts in bold nor emoji in colour
(docs/contracts/ffmpeg.md, 5).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
"""For ffmpeg's `fontsdir`."""
TEXT_FONT, EMOJI_FONT = "Noto Sans", "Noto Emoji"
"""Families of the two fonts."""
_FILES = {TEXT_FONT: "NotoSans-Bold.ttf", EMOJI_FONT: "NotoEmoji-Bold.ttf"}
_DRAWN_AS_NOTHING = frozenset(["Mn", "Cf", "Cc", "Zs", "Zl", "Zp"])
"""Unicode categories of characters that need no glyph of their own: marks that are composed, joiners, blanks."""


def missing_glyphs(text: str) -> str:
    """The characters of `text` that neither font has, each once, in their order: another machine would draw them otherwise."""
    drawn = code_points(TEXT_FONT) | code_points(EMOJI_FONT)
    composed = unicodedata.normalize("NFC", text)
    needed = (char for char in composed if unicodedata.category(char) not in _DRAWN_AS_NOTHING)
    return "".join(dict.fromkeys(char for char in needed if ord(char) not in drawn))


@lru_cache
def code_points(family: str) -> frozenset[int]:
    """The code points that a family has glyphs for. Raises KeyError for a family that does not come along."""
    # only who writes subtitles waits for this import (0.1 s)
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / _FILES[family], lazy=True) as font:
        return frozenset(font.getBestCmap())
