"""Measures texts as platforms do, and checks them against the platforms' rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
    for part, n, limit in (
        ("hashtags", len(hashtags_in(shown_text)), rules.hashtags),
        ("mentions", len(mentions_in(shown_text)), rules.mentions),
    ):
        if limit is not None and n > limit:
            all_problems.append(
                TextProblem(part, f"{rules.title} takes {limit} {part} at most; these are {n}. Take some away.")
            )
    for part, checked_text in (("text", shown_text), ("heading", heading)):
        if forbidden_used := sorted(set(checked_text) & set(rules.forbidden)):
            all_problems.append(
                TextProblem(part, f"{rules.title} does not take {' and '.join(forbidden_used)}. Write it without.")
            )
    return all_problems


def _length_problems(rules: TextRules, part: str, field: TextLimit | None, checked_text: str) -> list[TextProblem]:
    if field is None or (n := text_length(checked_text, field.unit)) <= field.limit:
        return []
    length_text = f"{n:,} of at most {field.limit:,} {field.unit}"
    return [TextProblem(part, f"The {field.name} is too long for {rules.title}: {length_text}. Shorten it.")]
