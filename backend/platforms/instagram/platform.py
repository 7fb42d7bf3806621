"""Instagram's limits and texts (docs/contracts/instagram.md, 3)."""

from __future__ import annotations

from backend.language import tr_lazy
from backend.platforms.limits import MB, VERTICAL, FormatLimits, PictureFormatLimits, TextLimit, TextRules, VideoLimits
from backend.platforms.platform import ContentType, Platform
from backend.settings import Settings

_PICTURE = PictureFormatLimits(("image/jpeg",), 8 * MB, (4 / 5, 1.91), 320)
_VIDEO_MIMES, _CODECS, _AUDIO = ("video/mp4", "video/quicktime"), ("h264", "hevc"), ("aac",)
_REEL = VideoLimits(_VIDEO_MIMES, _CODECS, _AUDIO, 300 * MB, (3, 15 * 60), (23, 60), max_width=1920, ratio=(0.01, 10))
_STORY = VideoLimits(_VIDEO_MIMES, _CODECS, _AUDIO, 100 * MB, (3, 60), (23, 60), max_width=1920, ratio=(0.1, 10))
_TEXT = TextRules(
    "instagram",
    "Instagram",
    TextLimit(tr_lazy("caption"), 2200),
    hashtags=30,
    mentions=20,
    alt=TextLimit(tr_lazy("alt text"), 1000),
)
"""Of reels and carousels too: their texts have the same limits."""
_STORY_TEXT = TextRules("instagram-story", tr_lazy("Instagram story"), None)
_CONTENT_TYPES = (
    ContentType(
        "instagram-post",
        tr_lazy("Instagram post"),
        _TEXT,
        ("picture",),
        "portrait",
        craft="A picture in the feed. Only about 125 characters show before “more”, so the point or the tension stands in "
        "the first sentence. One thought, told through one concrete detail; what is asked of the reader stands last.",
    ),
    ContentType(
        "instagram-carousel",
        tr_lazy("Instagram carousel"),
        _TEXT,
        ("carousel",),
        "portrait",
        craft="Several pictures to swipe through. The hook is the first slide and promises what the last one gives; the "
        "caption says why to swipe to the end and never retells the slides.",
    ),
    ContentType(
        "instagram-reel",
        tr_lazy("Instagram reel"),
        _TEXT,
        ("reel",),
        "story",
        hook=60,
        craft="A vertical video. The hook is read or heard in the first second: at most 8 words, something is happening. "
        "The caption is one or two sentences that add what the video cannot show.",
    ),
    ContentType(
        "instagram-story",
        tr_lazy("Instagram story"),
        _STORY_TEXT,
        ("story",),
        "story",
        tr_lazy("Instagram shows no caption with a story: the hook belongs on the picture."),
        hook=50,
        craft="One vertical picture, gone after a day, for people who follow already. The hook is the text on it: at most "
        "7 words, as one says it to a friend; the caption is a note for the team, one sentence.",
    ),
)


def _profile_url(_settings: Settings, name: str, _account_id: str) -> str:
    return f"https://www.instagram.com/{name}/" if name else ""


INSTAGRAM = Platform(
    name="instagram",
    label="Instagram",
    short_name="IG",
    formats={
        "picture": FormatLimits((1, 1), picture=_PICTURE, advised=4 / 5, fetched=True),
        "carousel": FormatLimits((2, 10), picture=_PICTURE, video=_REEL, advised=4 / 5, fetched=True),
        "reel": FormatLimits((1, 1), video=_REEL, advised=VERTICAL, fetched=True),
        "story": FormatLimits(
            (1, 1),
            PictureFormatLimits(("image/jpeg",), 8 * MB),
            video=_STORY,
            advised=VERTICAL,
            caption=False,
            comment=False,
            fetched=True,
        ),
    },
    text_rules=_TEXT,
    text_rules_by_format={"story": _STORY_TEXT},
    content_types=_CONTENT_TYPES,
    max_collaborators=3,
    crops_carousels=True,
    profile_url=_profile_url,
    api_url=lambda settings: settings.instagram.graph_url,
    secret_settings=("INSTAGRAM_APP_SECRET",),
    review_step=tr_lazy(
        "In Meta's app dashboard set the app to Live, with advanced access to instagram_business_content_publish; "
        "until then only accounts with a role in the app can be connected."
    ),
    adapter="backend.platforms.instagram.adapter:Instagram",
    connector="backend.platforms.instagram.oauth:InstagramConnector",
)
