"""Measures texts as platforms do, checks them against the platforms' rules, and makes them fit: cut at a word, without surplus
hashtags. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backend.language import tr_lazy
from backend.platforms.limits import TextLimit, TextRules, Unit
from backend.platforms.registry import PLATFORMS

_HASHTAG = re.compile(r"(?<![\w&/])#\w+")
_MENTION = re.compile(r"(?<![\w.])@\w[\w.]*")


RULES: dict[str, TextRules] = {
    rules.key: rules
    for platform in PLATFORMS.values()
    for rules in (platform.text_rules, *platform.text_rules_by_format.values())
}
"""The text rules of all platforms by their key."""
_UNIT_NAMES: dict[Unit, str] = {
    "characters": tr_lazy("characters"),
    "UTF-16 units": tr_lazy("UTF-16 units"),
    "bytes": tr_lazy("bytes"),
}
_JOINER, _ELLIPSIS = "\u200d", "…"


@dataclass(frozen=True, slots=True)
class TextProblem:
    """`part`: text, heading, alt, hashtags or mentions. `sentence`: what is wrong and what to do."""

    part: str
    sentence: str


def text_rules_for(platform: str, post_format: str) -> TextRules:
    """The rules for a post on the platform of that name as picture, carousel, reel, story, video or short."""
    return PLATFORMS[platform].text_rules_for(post_format)


def text_length(text: str, unit: Unit) -> int:
    """Length as the platform counts it."""
    if unit == "bytes":
        return len(text.encode("utf-8", "replace"))
    return len(text.encode("utf-16-le", "replace")) // 2 if unit == "UTF-16 units" else len(text)


def hashtags_in(text: str) -> list[str]:
    return _HASHTAG.findall(text)


def mentions_in(text: str) -> list[str]:
    return _MENTION.findall(text)


def full_caption(caption: str, hashtags: Sequence[str]) -> str:
    """The text as posted: the caption, then a line of hashtags."""
    return "\n\n".join(part for part in (caption.strip(), " ".join(hashtags)) if part)


def problems(key: str, *, text: str, heading: str = "", alt: str = "") -> list[TextProblem]:
    """The rules of `RULES[key]` that these texts break; [] when all fit. `text`: as posted, with hashtags."""
    rules = RULES[key]
    all_problems = [
        *_length_problems(rules, "text", rules.text, text),
        *_length_problems(rules, "heading", rules.heading, heading),
    ]
    all_problems += _length_problems(rules, "alt", rules.alt, alt)
    shown_text = text if rules.text else ""
    for part, name, count, limit in (
        ("hashtags", tr_lazy("hashtags"), len(hashtags_in(shown_text)), rules.hashtags),
        ("mentions", tr_lazy("mentions"), len(mentions_in(shown_text)), rules.mentions),
    ):
        if limit is not None and count > limit:
            message = tr_lazy(
                "{platform} takes {most} {things} at most; there are {count}. Remove some.",
                platform=rules.title,
                most=limit,
                things=name,
                count=count,
            )
            all_problems.append(TextProblem(part, message))
    for part, checked_text in (("text", shown_text), ("heading", heading)):
        if forbidden_used := sorted(set(checked_text) & set(rules.forbidden)):
            characters: str = forbidden_used[0]
            for character in forbidden_used[1:]:
                characters = tr_lazy("{names} and {last}", names=characters, last=character)
            message = tr_lazy(
                "{platform} does not take {characters}. Write it without.", platform=rules.title, characters=characters
            )
            all_problems.append(TextProblem(part, message))
    return all_problems


def _length_problems(rules: TextRules, part: str, field: TextLimit | None, checked_text: str) -> list[TextProblem]:
    if field is None or (n := text_length(checked_text, field.unit)) <= field.limit:
        return []
    message = tr_lazy(
        "The {field} is too long for {platform}: {length:,} of at most {limit:,} {unit}. Shorten it.",
        field=field.name,
        platform=rules.title,
        length=n,
        limit=field.limit,
        unit=_UNIT_NAMES[field.unit],
    )
    return [TextProblem(part, message)]


def tags_length(tags: Sequence[str]) -> int:
    """Length as YouTube counts its 500: with commas between tags, and quotation marks around a tag with a space."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def shorten(text: str, unit: Unit, limit: int) -> str:
    """At most `limit` units, cut at a word with “…” where that leaves most of it; hashtags at the end stay if they fit.

    Never cuts inside a surrogate pair, a joined emoji, or before a combining mark.
    """
    if text_length(text, unit) <= limit:
        return text
    body, tail = _split_trailing_hashtags(text)
    if tail and text_length(tail, unit) <= limit // 2:
        return _cut_with_ellipsis(body, unit, limit - text_length(tail, unit)).rstrip() + tail
    return _cut_with_ellipsis(text, unit, limit)


def limit_hashtags(text: str, limit: int) -> str:
    """The first `limit` hashtags stay; later ones go, with the spaces before them, and with what is glued to them."""
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
    return re.sub(rf"[\s{_JOINER}]+$", "", start) + _ELLIPSIS


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
