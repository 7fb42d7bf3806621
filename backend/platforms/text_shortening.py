"""Making a text fit a platform: cutting it where a reader minds least, and letting surplus hashtags go (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from backend.platforms.text_limits import Unit, measure

_HASHTAG = re.compile(r"(?<![\w&/])#\w+")
_JOINER, _ELLIPSIS = "\u200d", "…"


def tags_length(tags: Sequence[str]) -> int:
    """As YouTube counts its 500: commas between tags, and quotation marks around one with a space."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def shortened(text: str, unit: Unit, to: int) -> str:
    """At most `to` units, cut at a word with “…” where that leaves most of it; hashtags at the end stay if they fit.

    Never cuts inside a surrogate pair, a joined emoji, or before a combining mark.
    """
    if measure(text, unit) <= to:
        return text
    body, tail = _tail(text)
    if tail and measure(tail, unit) <= to // 2:
        return _cut(body, unit, to - measure(tail, unit)).rstrip() + tail
    return _cut(text, unit, to)


def with_hashtags(text: str, at_most: int) -> str:
    """The first `at_most` hashtags stay; later ones go, with the spaces before them, and with what is glued to them."""
    while len(found := list(_HASHTAG.finditer(text))) > at_most:
        before, after = text[: found[-1].start()], text[found[-1].end() :]
        text = (before.rstrip(" ") if not after or after[0].isspace() else before) + after
    return text


def _tail(text: str) -> tuple[str, str]:
    """The hashtags at the end, with the space before them."""
    found = re.search(r"(?:\s+#\w+)+\s*$", text)
    return (text[: found.start()], text[found.start() :].rstrip()) if found else (text, "")


def _cut(text: str, unit: Unit, to: int) -> str:
    room = to - measure(_ELLIPSIS, unit)
    if room <= 0:
        return _head(text, unit, to)
    head = _head(text, unit, room)
    at_word = re.sub(r"\s+\S*$", "", head)
    if at_word.strip() and len(at_word) >= len(head) // 2:
        head = at_word
    return head.rstrip() + _ELLIPSIS


def _head(text: str, unit: Unit, to: int) -> str:
    used = end = 0
    for n, letter in enumerate(text):
        used += measure(letter, unit)
        if used > to:
            break
        end = n + 1
    while 0 < end < len(text) and (_goes_on(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end]


def _goes_on(letter: str) -> bool:
    """Whether it belongs to the letter before it: combining marks, joiners, variation selectors, skin tones."""
    return unicodedata.category(letter) in ("Mn", "Me", "Mc") or letter == _JOINER or "\U0001f3fb" <= letter <= "\U0001f3ff"
