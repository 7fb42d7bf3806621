"""Adapts one text to a channel, within the limits of its platform. Pure."""

from __future__ import annotations

from backend.content_plans.rules import parse_hashtags, whole_caption
from backend.content_plans.schemas import VariantDraft
from backend.platforms.limits import TextLimit, TextRules
from backend.platforms.port import Format
from backend.platforms.registry import PLATFORMS
from backend.platforms.text_limits import shorten, text_length
from backend.writing import TextParts


def adapt_text(
    channel_id: str,
    platform: str,
    post_format: Format,
    parts: TextParts,
    *,
    ai_mark: bool,
    after_minutes: int = 0,
    privacy: str = "",
) -> VariantDraft:
    """The post on one channel, always within the platform's limits. The hook becomes the title, or else the first line."""
    record = PLATFORMS[platform]
    rules = record.text_rules_for(post_format)
    titled = record.title and rules.heading is not None
    title = _shorten(_without_forbidden(parts.hook or parts.caption, rules), rules.heading) if titled else ""
    tags = list(parse_hashtags(parts.hashtags))[: record.useful_hashtags]
    if record.ai_hashtag and ai_mark and record.ai_hashtag.lower() not in {tag.lower() for tag in tags}:
        tags = [*tags[: record.useful_hashtags - 1], record.ai_hashtag]
    caption, has_caption = "", rules.text is not None and record.formats[post_format].caption
    if has_caption:
        text = parts.caption if titled or parts.caption.startswith(parts.hook) else f"{parts.hook}\n\n{parts.caption}"
        caption, tags = _fit_text(_without_forbidden(text.strip(), rules), tags, rules)
    return VariantDraft(
        channel_id=channel_id,
        format=post_format,
        caption=caption,
        title=title,
        hashtags=tuple(tags) if has_caption else (),
        privacy=privacy,
        options={"after_minutes": after_minutes} if after_minutes else {},
    )


def _fit_text(caption: str, tags: list[str], rules: TextRules) -> tuple[str, list[str]]:
    """Shortens the caption to the limit, then drops hashtags from the end until both fit."""
    assert rules.text is not None
    limit, unit = min(rules.text.limit, 5000), rules.text.unit
    caption = shorten(caption, unit, limit)
    while tags and text_length(whole_caption(caption, tags), unit) > limit:
        tags = tags[:-1]
    return caption, tags


def _shorten(text: str, field: TextLimit | None) -> str:
    return shorten(text, field.unit, field.limit) if field else text


def _without_forbidden(text: str, rules: TextRules) -> str:
    return "".join(letter for letter in text if letter not in rules.forbidden)
