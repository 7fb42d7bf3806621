"""YouTube's limits and texts (docs/contracts/youtube.md, 4)."""

from __future__ import annotations

from urllib.parse import quote

from backend.language import tr_lazy
from backend.platforms.limits import GB, SQUARE, VERTICAL, FormatLimits, TextLimit, TextRules, VideoLimits
from backend.platforms.platform import ContentType, Platform
from backend.settings import Settings

_VIDEO = VideoLimits((), (), (), 256 * GB, (0.1, 12 * 3600))
_SHORT = VideoLimits((), (), (), 256 * GB, (0.1, 180), ratio=(0.01, SQUARE))
_TEXT = TextRules(
    "youtube",
    "YouTube",
    TextLimit(tr_lazy("description"), 5000, "bytes"),
    TextLimit(tr_lazy("title"), 100),
    forbidden="<>",
    tags_in_all=500,
)
_CONTENT_TYPES = (
    ContentType(
        "youtube-short",
        tr_lazy("YouTube Short"),
        _TEXT,
        ("short", "video"),
        "story",
        tr_lazy("The hook is the title, the caption the text below."),
        hook=60,
        craft="A vertical video found by search. The hook is the title: it names what is seen, keeps what it promises, "
        "and has no capitals for effect. The first line of the caption says what one sees; the rest is context.",
    ),
)


def _profile_url(_settings: Settings, _name: str, account_id: str) -> str:
    return f"https://www.youtube.com/channel/{quote(account_id)}" if account_id.startswith("UC") else ""


YOUTUBE = Platform(
    name="youtube",
    label="YouTube",
    short_name="YT",
    formats={
        "short": FormatLimits((1, 1), video=_SHORT, advised=VERTICAL, links=False),
        "video": FormatLimits((1, 1), video=_VIDEO, advised=16 / 9),
    },
    text_rules=_TEXT,
    content_types=_CONTENT_TYPES,
    useful_hashtags=4,
    title=True,
    title_required=True,
    privacy="public by default",
    privacy_labels={"public": tr_lazy("Public"), "unlisted": tr_lazy("Unlisted"), "private": tr_lazy("Private")},
    asks_made_for_kids=True,
    profile_url=_profile_url,
    api_url=lambda settings: settings.youtube.api_url,
    secret_settings=("YOUTUBE_CLIENT_SECRET",),
    review_step=tr_lazy("Apply for the YouTube API audit of your Google project; until then its uploads stay private."),
    adapter="backend.platforms.youtube.adapter:YouTube",
    connector="backend.platforms.youtube.oauth:YouTubeConnector",
)
