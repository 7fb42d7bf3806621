"""The practice platform's limits and texts: wide enough for every format."""

from __future__ import annotations

from backend.language import tr_lazy
from backend.platforms.limits import MB, VERTICAL, FormatLimits, PictureFormatLimits, TextLimit, TextRules, VideoLimits
from backend.platforms.platform import Platform
from backend.settings import Settings

_LABEL = tr_lazy("Practice platform")
_PICTURE = PictureFormatLimits(("image/jpeg", "image/png", "image/webp"), 20 * MB, (0.4, 2.5), 64)
_VIDEO = VideoLimits(("video/mp4", "video/quicktime", "video/webm"), (), (), 300 * MB, (0.5, 15 * 60))
_TEXT = TextRules(
    "sandbox", _LABEL, TextLimit(tr_lazy("caption"), 2200), TextLimit(tr_lazy("title"), 100), hashtags=30, mentions=20
)


def _feed_url(settings: Settings, _name: str, _account_id: str) -> str:
    """Its only public page, the feed of all accounts."""
    return (settings.sandbox.public_url or settings.sandbox.url).rstrip("/")


SANDBOX = Platform(
    name="sandbox",
    label=_LABEL,
    short_name="SB",
    formats={
        "picture": FormatLimits((1, 1), picture=_PICTURE),
        "carousel": FormatLimits((2, 10), picture=_PICTURE, video=_VIDEO),
        "reel": FormatLimits((1, 1), video=_VIDEO, advised=VERTICAL),
        "story": FormatLimits((1, 1), picture=_PICTURE, video=_VIDEO, advised=VERTICAL, caption=False, comment=False),
        "video": FormatLimits((1, 1), video=_VIDEO),
        "short": FormatLimits((1, 1), video=_VIDEO, advised=VERTICAL),
    },
    text_rules=_TEXT,
    practice=True,
    profile_url=_feed_url,
    adapter="backend.platforms.sandbox.adapter:Sandbox",
    connector="backend.platforms.sandbox.oauth:SandboxConnector",
)
