"""TikTok's limits and texts (docs/contracts/tiktok.md, 1 and 6)."""

from __future__ import annotations

from backend.language import tr_lazy
from backend.platforms.limits import GB, MB, VERTICAL, FormatLimits, PictureFormatLimits, TextLimit, TextRules, VideoLimits
from backend.platforms.platform import ContentType, Platform
from backend.settings import Settings

_PICTURE = PictureFormatLimits(("image/jpeg", "image/webp"), 20 * MB, longest=1920)
_VIDEO_MIMES = ("video/mp4", "video/quicktime", "video/webm")
_VIDEO = VideoLimits(_VIDEO_MIMES, ("h264", "hevc", "vp8", "vp9"), (), 4 * GB, (1, 10 * 60), (23, 60), (360, 4096))
_VIDEO_TEXT = TextRules("tiktok", "TikTok", TextLimit(tr_lazy("caption"), 2200, "UTF-16 units"))
_PHOTO_TEXT = TextRules(
    "tiktok-photo",
    tr_lazy("TikTok photos"),
    TextLimit(tr_lazy("description"), 4000, "UTF-16 units"),
    TextLimit(tr_lazy("title"), 90, "UTF-16 units"),
)
_CONTENT_TYPES = (
    ContentType(
        "tiktok-video",
        tr_lazy("TikTok video"),
        _VIDEO_TEXT,
        ("video",),
        "story",
        hook=60,
        craft="A vertical video for people who do not know them. The hook is the first spoken line: at most 8 words, in "
        "plain spoken language. The caption is one or two short sentences and holds the words people would search for.",
    ),
    ContentType(
        "tiktok-photo",
        tr_lazy("TikTok photos"),
        _PHOTO_TEXT,
        ("picture", "carousel"),
        "story",
        tr_lazy("The hook is the title."),
        hook=70,
        craft="Pictures to swipe through on TikTok. The hook is the title and names the topic in words people search for; "
        "the caption talks like a comment, not like an article.",
    ),
)


def _profile_url(_settings: Settings, name: str, _account_id: str) -> str:
    return f"https://www.tiktok.com/@{name}" if name else ""


TIKTOK = Platform(
    name="tiktok",
    label="TikTok",
    short_name="TT",
    formats={
        "video": FormatLimits((1, 1), video=_VIDEO, advised=VERTICAL),
        "picture": FormatLimits((1, 1), picture=_PICTURE, advised=VERTICAL, fetched=True, ai_label=False),
        "carousel": FormatLimits((2, 35), picture=_PICTURE, advised=VERTICAL, fetched=True, ai_label=False),
    },
    text_rules=_VIDEO_TEXT,
    text_rules_by_format={"picture": _PHOTO_TEXT, "carousel": _PHOTO_TEXT},
    content_types=_CONTENT_TYPES,
    useful_hashtags=5,
    ai_hashtag="AIgenerated",
    title=True,
    comments=False,
    privacy="by hand",
    privacy_labels={
        "PUBLIC_TO_EVERYONE": tr_lazy("Everyone"),
        "MUTUAL_FOLLOW_FRIENDS": tr_lazy("Friends"),
        "FOLLOWER_OF_CREATOR": tr_lazy("Followers"),
        "SELF_ONLY": tr_lazy("Only me"),
    },
    privacy_per_account=True,
    only_me="SELF_ONLY",
    profile_url=_profile_url,
    api_url=lambda settings: settings.tiktok.api_url,
    secret_settings=("TIKTOK_CLIENT_SECRET",),
    review_step=tr_lazy(
        "Apply for the Content Posting API audit in TikTok's developer portal; until then posts are private, or the account "
        "has to be."
    ),
    adapter="backend.platforms.tiktok.adapter:TikTok",
    connector="backend.platforms.tiktok.oauth:TikTokConnector",
)
