"""Adapts one text to several channels, within the limits of each platform. Pure."""

from __future__ import annotations

from backend.bulk_planning.schemas import PictureFormat
from backend.content_plans import VariantDraft, parse_hashtags, whole_caption
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Format
from backend.platforms.text_length import shorten
from backend.platforms.text_limits import TextLimit, TextRules, text_length, text_rules_for
from backend.writing import TextParts

MAX_HASHTAGS = {"instagram": 10, "tiktok": 5, "youtube": 4, "sandbox": 10}
"""As many hashtags as are useful on the platform; the platforms accept more."""
_AI_TAG = "AIgenerated"


def content_type(platform: str, form: PictureFormat) -> str:
    """The content type of `backend.writing` for posts of this format on this platform."""
    match platform:
        case "tiktok":
            return "tiktok-photo"
        case "youtube":
            return "youtube-short"
        case _:
            return {"picture": "instagram-post", "carousel": "instagram-carousel", "story": "instagram-story"}[form]


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
    limits, post_format = PLATFORMS[platform], choose_format(platform, form)
    rules = text_rules_for(platform, post_format)
    titled = limits.title and rules.heading is not None
    title = _shorten(_without_forbidden(parts.hook or parts.caption, rules), rules.heading) if titled else ""
    tags = list(parse_hashtags(parts.hashtags))[: MAX_HASHTAGS.get(platform, 10)]
    if platform == "tiktok" and ai_mark and _AI_TAG.lower() not in {tag.lower() for tag in tags}:
        tags = [*tags[: MAX_HASHTAGS["tiktok"] - 1], _AI_TAG]  # TikTok's own AI label cannot be set for pictures
    caption, has_caption = "", rules.text is not None and limits.formats[post_format].caption
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
