"""Makes a text fit a platform: cuts it at a word, and removes surplus hashtags (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from backend.platforms.limits import Unit
from backend.platforms.text_limits import text_length

_HASHTAG = re.compile(r"(?<![\w&/])#\w+")
_JOINER, _ELLIPSIS = "\u200d", "…"


def tags_length(tags: Sequence[str]) -> int:
    """Length as YouTube counts its 500: with commas between tags, and quotation marks around a tag with a space."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def shorten(text: str, unit: Unit, limit: int) -> str:
    """At most `to` units, cut at a word with “…” where that leaves most of it; hashtags at the end stay if they fit.

    Never cuts inside a surrogate pair, a joined emoji, or before a combining mark.
    """
    if text_length(text, unit) <= limit:
        return text
    body, tail = _split_trailing_hashtags(text)
    if tail and text_length(tail, unit) <= limit // 2:
        return _cut_with_ellipsis(body, unit, limit - text_length(tail, unit)).rstrip() + tail
    return _cut_with_ellipsis(text, unit, limit)


def limit_hashtags(text: str, limit: int) -> str:
    """The first `at_most` hashtags stay; later ones go, with the spaces before them, and with what is glued to them."""
    while len(hashtags := list(_HASHTAG.finditer(text))) > limit:
        before, after = text[: hashtags[-1].start()], text[hashtags[-1].end() :]
        text = (before.rstrip(" ") if not after or after[0].isspace() else before) + after
    return text


def _split_trailing_hashtags(text: str) -> tuple[str, str]:
    """(text, hashtags at the end with the space before them)."""
    match = re.search(r"(?:\s+#\w+)+\s*$", text)
    return (text[: match.start()], text[match.start() :].rstrip()) if match else (text, "")


def _cut_with_ellipsis(text: str, unit: Unit, limit: int) -> str:
    budget = limit - text_length(_ELLIPSIS, unit)
    if budget <= 0:
        return _cut_hard(text, unit, limit)
    start = _cut_hard(text, unit, budget)
    whole_words = re.sub(r"\s+\S*$", "", start)
    if whole_words.strip() and len(whole_words) >= len(start) // 2:
        start = whole_words
    return start.rstrip() + _ELLIPSIS


def _cut_hard(text: str, unit: Unit, limit: int) -> str:
    used = end = 0
    for n, character in enumerate(text):
        used += text_length(character, unit)
        if used > limit:
            break
        end = n + 1
    while 0 < end < len(text) and (_is_combining(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end]


def _is_combining(character: str) -> bool:
    """Whether it belongs to the character before it: combining marks, joiners, variation selectors, skin tones."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
