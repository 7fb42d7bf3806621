"""Adapts one text to several channels, within the limits of each platform. Pure."""

from __future__ import annotations

from backend.bulk_planning.schemas import PictureFormat
from backend.content_plans import VariantDraft, parse_hashtags, whole_caption
from backend.platforms.limits import TextLimit, TextRules
from backend.platforms.port import Format
from backend.platforms.registry import PLATFORMS
from backend.platforms.text_limits import shorten, text_length
from backend.writing import TextParts


def content_type(platform: str, form: PictureFormat) -> str:
    """The content type of `backend.writing` for posts of this format on this platform: its own, else Instagram's."""
    own_format = choose_format(platform, form)
    own = [kind.key for kind in PLATFORMS[platform].content_types if own_format in kind.formats]
    return own[0] if own else next(kind.key for kind in PLATFORMS["instagram"].content_types if form in kind.formats)


def choose_format(platform: str, form: PictureFormat) -> Format:
    """The requested format where the platform has it, else a picture, else the platform's first format."""
    formats = PLATFORMS[platform].formats
    preferred: tuple[Format, ...] = (form, "picture")
    return next((format for format in preferred if format in formats), next(iter(formats)))


def takes_pictures(platform: str, form: PictureFormat) -> bool:
    return PLATFORMS[platform].formats[choose_format(platform, form)].picture is not None


def adapt_text(
    channel_id: str,
    platform: str,
    form: PictureFormat,
    parts: TextParts,
    *,
    ai_mark: bool,
    after_minutes: int = 0,
    privacy: str = "",
) -> VariantDraft:
    """The post on one channel, always within the platform's limits. The hook becomes the title, or else the first line."""
    record, post_format = PLATFORMS[platform], choose_format(platform, form)
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
