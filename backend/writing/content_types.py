"""What a text is for: a post, a reel, a story …, and the platform whose limits it keeps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.tools.platform_texts import RULES, TextRules


@dataclass(frozen=True, slots=True)
class ContentType:
    """`key`: as programs say it. `size`: a key of generation.SIZES for its picture. `note`: what people ought to know."""

    key: str
    title: str
    platform: str
    size: str
    note: str = ""

    @property
    def rules(self) -> TextRules:
        return RULES[self.platform]


CONTENT_TYPES: dict[str, ContentType] = {
    one.key: one
    for one in (
        ContentType("instagram-post", "Instagram post", "instagram", "portrait"),
        ContentType("instagram-carousel", "Instagram carousel", "instagram", "portrait"),
        ContentType("instagram-reel", "Instagram reel", "instagram", "story"),
        ContentType(
            "instagram-story", "Instagram story", "instagram-story", "story",
            "Instagram shows no caption with a story: the hook belongs on the picture.",
        ),
        ContentType("tiktok-video", "TikTok video", "tiktok", "story"),
        ContentType("tiktok-photo", "TikTok photos", "tiktok-photo", "story", "The hook is the title."),
        ContentType("youtube-short", "YouTube Short", "youtube", "story", "The hook is the title, the caption the text below."),
    )
}  # fmt: skip
_SHORT = {"post": "instagram-post", "carousel": "instagram-carousel", "reel": "instagram-reel", "story": "instagram-story",
          "short": "youtube-short", "video": "tiktok-video"}  # fmt: skip


def named(key: str) -> str:
    """`post` is an Instagram post, `short` a YouTube Short …; any other key is returned as it is."""
    return _SHORT.get(key.strip().lower(), key.strip().lower())
