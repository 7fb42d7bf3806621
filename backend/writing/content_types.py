"""All content types, in the order that forms show them: each platform declares those that are written for it."""

from __future__ import annotations

from backend.platforms.platform import ContentType
from backend.platforms.registry import PLATFORMS

CONTENT_TYPES: dict[str, ContentType] = {
    content_type.key: content_type for platform in PLATFORMS.values() for content_type in platform.content_types
}
_SHORT_KEYS = {
    "post": "instagram-post",
    "carousel": "instagram-carousel",
    "reel": "instagram-reel",
    "story": "instagram-story",
    "short": "youtube-short",
    "video": "tiktok-video",
}


def full_key(key: str) -> str:
    """The key that a short form stands for: `post` is an Instagram post, `short` a YouTube Short; others are returned as they
    are.
    """
    return _SHORT_KEYS.get(key.strip().lower(), key.strip().lower())
