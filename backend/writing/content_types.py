"""Content types: a post, a reel, a story …, and the platform whose limits each keeps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.platforms.text_limits import RULES, TextRules


@dataclass(frozen=True, slots=True)
class ContentType:
    """`key`: its name in the API. `size`: a key of generation.SIZES for its picture. `note`: a hint for people.

    `craft`: how a good text of this type is built, told to the model. `hook`: characters at most that read well there.
    """

    key: str
    title: str
    platform: str
    size: str
    note: str = ""
    craft: str = ""
    hook: int = 80

    @property
    def rules(self) -> TextRules:
        return RULES[self.platform]


CONTENT_TYPES: dict[str, ContentType] = {
    content_type.key: content_type
    for content_type in (
        ContentType(
            "instagram-post", "Instagram post", "instagram", "portrait",
            craft="A picture in the feed. Only about 125 characters show before “more”, so the point or the tension stands in "
            "the first sentence. One thought, told through one concrete detail; what is asked of the reader stands last.",
        ),
        ContentType(
            "instagram-carousel", "Instagram carousel", "instagram", "portrait",
            craft="Several pictures to swipe through. The hook is the first slide and promises what the last one gives; the "
            "caption says why to swipe to the end and never retells the slides.",
        ),
        ContentType(
            "instagram-reel", "Instagram reel", "instagram", "story", hook=60,
            craft="A vertical video. The hook is read or heard in the first second: at most 8 words, something is happening. "
            "The caption is one or two sentences that add what the video cannot show.",
        ),
        ContentType(
            "instagram-story", "Instagram story", "instagram-story", "story",
            "Instagram shows no caption with a story: the hook belongs on the picture.", hook=50,
            craft="One vertical picture, gone after a day, for people who follow already. The hook is the text on it: at most "
            "7 words, as one says it to a friend; the caption is a note for the team, one sentence.",
        ),
        ContentType(
            "tiktok-video", "TikTok video", "tiktok", "story", hook=60,
            craft="A vertical video for people who do not know them. The hook is the first spoken line: at most 8 words, in "
            "plain spoken language. The caption is one or two short sentences and holds the words people would search for.",
        ),
        ContentType(
            "tiktok-photo", "TikTok photos", "tiktok-photo", "story", "The hook is the title.", hook=70,
            craft="Pictures to swipe through on TikTok. The hook is the title and names the topic in words people search for; "
            "the caption talks like a comment, not like an article.",
        ),
        ContentType(
            "youtube-short", "YouTube Short", "youtube", "story", "The hook is the title, the caption the text below.", hook=60,
            craft="A vertical video found by search. The hook is the title: it names what is seen, keeps what it promises, "
            "and has no capitals for effect. The first line of the caption says what one sees; the rest is context.",
        ),
    )
}  # fmt: skip
_SHORT_KEYS = {"post": "instagram-post", "carousel": "instagram-carousel", "reel": "instagram-reel", "story": "instagram-story",
          "short": "youtube-short", "video": "tiktok-video"}  # fmt: skip


def full_key(key: str) -> str:
    """The key that a short form stands for: `post` is an Instagram post, `short` a YouTube Short; others are returned as they
    are.
    """
    return _SHORT_KEYS.get(key.strip().lower(), key.strip().lower())
