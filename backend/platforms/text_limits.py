"""What each platform takes as text: how long, in which unit, how many hashtags. Pure; the one place that says it.

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
class Field:
    """One text that a platform takes. `name`: as people know it there."""

    name: str
    most: int
    unit: Unit = "characters"


@dataclass(frozen=True, slots=True)
class TextRules:
    """`text`: what stands under the post, None: the platform shows none. `heading`: a title of its own, where there is one.

    `hashtags`, `mentions`: how many at most in all texts together, None: no limit of its own. `forbidden`: what it refuses.
    `tags_in_all`: characters of all keywords together (YouTube's `tags`).
    """

    key: str
    title: str
    text: Field | None
    heading: Field | None = None
    hashtags: int | None = None
    mentions: int | None = None
    forbidden: str = ""
    alt: Field | None = None
    tags_in_all: int | None = None


RULES: dict[str, TextRules] = {
    rules.key: rules
    for rules in (
        TextRules(
            "instagram", "Instagram", Field("caption", 2200), hashtags=30, mentions=20, alt=Field("alt text", 1000)
        ),
        TextRules("instagram-story", "Instagram story", None),
        TextRules("tiktok", "TikTok", Field("caption", 2200, "UTF-16 units")),
        TextRules(
            "tiktok-photo", "TikTok photos", Field("description", 4000, "UTF-16 units"), Field("title", 90, "UTF-16 units")
        ),
        TextRules(
            "youtube", "YouTube", Field("description", 5000, "bytes"), Field("title", 100), forbidden="<>", tags_in_all=500
        ),
        TextRules("sandbox", "Sandbox", Field("caption", 2200), Field("title", 100), hashtags=30, mentions=20),
    )
}  # fmt: skip
"""Reels and carousels are `instagram`: their texts have the same limits. Shorts are `youtube`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`part`: text, heading, alt, hashtags or mentions. `sentence`: what is wrong and what to do."""

    part: str
    sentence: str


def rules_of(platform: str, form: str) -> TextRules:
    """Of a post on `platform` (instagram, tiktok, youtube, sandbox) as picture, carousel, reel, story, video or short."""
    story, photos = form == "story", form in ("picture", "carousel")
    if platform == "instagram" and story:
        return RULES["instagram-story"]
    return RULES["tiktok-photo" if platform == "tiktok" and photos else platform]


def measure(text: str, unit: Unit) -> int:
    """Length as the platform counts it."""
    if unit == "bytes":
        return len(text.encode("utf-8", "replace"))
    return len(text.encode("utf-16-le", "replace")) // 2 if unit == "UTF-16 units" else len(text)


def hashtags_in(text: str) -> list[str]:
    return _HASHTAG.findall(text)


def mentions_in(text: str) -> list[str]:
    return _MENTION.findall(text)


def whole(caption: str, hashtags: Sequence[str]) -> str:
    """The text as it is posted: the caption, then a line of hashtags."""
    return "\n\n".join(part for part in (caption.strip(), " ".join(hashtags)) if part)


def problems(key: str, *, text: str, heading: str = "", alt: str = "") -> list[Problem]:
    """What `RULES[key]` has against these texts; [] when all fit. `text`: as it is posted, hashtags included."""
    rules = RULES[key]
    found = [*_length(rules, "text", rules.text, text), *_length(rules, "heading", rules.heading, heading)]
    found += _length(rules, "alt", rules.alt, alt)
    said = text if rules.text else ""
    for part, n, most in (
        ("hashtags", len(hashtags_in(said)), rules.hashtags),
        ("mentions", len(mentions_in(said)), rules.mentions),
    ):
        if most is not None and n > most:
            found.append(Problem(part, f"{rules.title} takes {most} {part} at most; these are {n}. Take some away."))
    for part, words in (("text", said), ("heading", heading)):
        if bad := sorted(set(words) & set(rules.forbidden)):
            found.append(Problem(part, f"{rules.title} does not take {' and '.join(bad)}. Write it without."))
    return found


def _length(rules: TextRules, part: str, field: Field | None, words: str) -> list[Problem]:
    if field is None or (n := measure(words, field.unit)) <= field.most:
        return []
    over = f"{n:,} of at most {field.most:,} {field.unit}"
    return [Problem(part, f"The {field.name} is too long for {rules.title}: {over}. Shorten it.")]
