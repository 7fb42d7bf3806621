"""Text limits of each platform: length and its unit, number of hashtags. Pure; the only place with these numbers.

Sources: docs/contracts/instagram.md, 3; docs/contracts/tiktok.md, 6; docs/contracts/youtube.md, 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["characters", "UTF-16 units", "bytes"]
_HASHTAG = re.compile(r"(?<![\w&/])#\w+")
_MENTION = re.compile(r"(?<![\w.])@\w[\w.]*")


@dataclass(frozen=True, slots=True)
class TextLimit:
    """Limit of one text. `name`: what users of the platform call it."""

    name: str
    limit: int
    unit: Unit = "characters"


@dataclass(frozen=True, slots=True)
class TextRules:
    """`text`: the text under the post, None: the platform shows none. `heading`: a separate title, None: there is none.

    `hashtags`, `mentions`: limits for all texts together, None: no limit. `forbidden`: refused characters. `tags_in_all`:
    limit of characters of all keywords together (YouTube's `tags`).
    """

    key: str
    title: str
    text: TextLimit | None
    heading: TextLimit | None = None
    hashtags: int | None = None
    mentions: int | None = None
    forbidden: str = ""
    alt: TextLimit | None = None
    tags_in_all: int | None = None


RULES: dict[str, TextRules] = {
    rules.key: rules
    for rules in (
        TextRules(
            "instagram", "Instagram", TextLimit("caption", 2200), hashtags=30, mentions=20, alt=TextLimit("alt text", 1000)
        ),
        TextRules("instagram-story", "Instagram story", None),
        TextRules("tiktok", "TikTok", TextLimit("caption", 2200, "UTF-16 units")),
        TextRules(
            "tiktok-photo", "TikTok photos",
            TextLimit("description", 4000, "UTF-16 units"), TextLimit("title", 90, "UTF-16 units"),
        ),
        TextRules(
            "youtube", "YouTube", TextLimit("description", 5000, "bytes"), TextLimit("title", 100),
            forbidden="<>", tags_in_all=500,
        ),
        TextRules("sandbox", "Sandbox", TextLimit("caption", 2200), TextLimit("title", 100), hashtags=30, mentions=20),
    )
}  # fmt: skip
"""Reels and carousels are `instagram`: their texts have the same limits. Shorts are `youtube`."""


@dataclass(frozen=True, slots=True)
class TextProblem:
    """`part`: text, heading, alt, hashtags or mentions. `sentence`: what is wrong and what to do."""

    part: str
    sentence: str


def text_rules_for(platform: str, post_format: str) -> TextRules:
    """The rules for a post on `platform` (instagram, tiktok, youtube, sandbox) as picture, carousel, reel, story, video or
    short."""
    is_story, is_photos = post_format == "story", post_format in ("picture", "carousel")
    if platform == "instagram" and is_story:
        return RULES["instagram-story"]
    return RULES["tiktok-photo" if platform == "tiktok" and is_photos else platform]


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
