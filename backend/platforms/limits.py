"""Media limits of each platform and format: docs/contracts/instagram.md, 3; tiktok.md, 6; youtube.md, 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.platforms.port import Format

MB = 1_000_000
GB = 1000 * MB
VERTICAL, SQUARE = 9 / 16, 1.0
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PictureFormatLimits:
    """`size` in bytes. `ratio`: allowed width/height, both ends included. `longest`: limit of the longer side, px."""

    mimes: tuple[str, ...]
    size: int
    ratio: Range | None = None
    min_width: int = 1
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """`codecs` and `audio` as ffprobe names them, () = any. `sides`: allowed px of either side. `size` in bytes."""

    mimes: tuple[str, ...]
    codecs: tuple[str, ...]
    audio: tuple[str, ...]
    size: int
    seconds: Range
    fps: Range | None = None
    sides: Range = (1, 100_000)
    max_width: int | None = None
    ratio: Range | None = None


@dataclass(frozen=True, slots=True)
class FormatLimits:
    """`count`: least and most files. `advised`: the ratio that fills the screen. `caption` False: the platform shows no text.
    `fetched`: the platform fetches the files from a URL instead of taking an upload."""

    count: tuple[int, int]
    picture: PictureFormatLimits | None = None
    video: VideoLimits | None = None
    advised: float | None = None
    caption: bool = True
    comment: bool = True
    fetched: bool = False


Privacy = Literal["none", "by hand", "public by default"]


@dataclass(frozen=True, slots=True)
class PlatformLimits:
    label: str
    formats: dict[Format, FormatLimits]
    privacy: Privacy = "none"
    values: tuple[str, ...] = ()
    comments: bool = True
    title: bool = False


_JPEG = "image/jpeg"
_VIDEO_MIMES = ("video/mp4", "video/quicktime")
_IG_PICTURE = PictureFormatLimits((_JPEG,), 8 * MB, (4 / 5, 1.91), 320)
_IG_REEL = VideoLimits(
    _VIDEO_MIMES, ("h264", "hevc"), ("aac",), 300 * MB, (3, 15 * 60), (23, 60), max_width=1920, ratio=(0.01, 10)
)
_IG_STORY = VideoLimits(_VIDEO_MIMES, ("h264", "hevc"), ("aac",), 100 * MB, (3, 60), (23, 60), max_width=1920, ratio=(0.1, 10))
_TT_PICTURE = PictureFormatLimits((_JPEG, "image/webp"), 20 * MB, longest=1920)
_TT_VIDEO = VideoLimits(
    (*_VIDEO_MIMES, "video/webm"), ("h264", "hevc", "vp8", "vp9"), (), 4 * GB, (1, 10 * 60), (23, 60), (360, 4096)
)
_YT_VIDEO = VideoLimits((), (), (), 256 * GB, (0.1, 12 * 3600))
_YT_SHORT = VideoLimits((), (), (), 256 * GB, (0.1, 180), ratio=(0.01, SQUARE))
_SB_PICTURE = PictureFormatLimits((_JPEG, "image/png", "image/webp"), 20 * MB, (0.4, 2.5), 64)
_SB_VIDEO = VideoLimits((*_VIDEO_MIMES, "video/webm"), (), (), 300 * MB, (0.5, 15 * 60))

PLATFORMS: dict[str, PlatformLimits] = {
    "instagram": PlatformLimits(
        "Instagram",
        {
            "picture": FormatLimits((1, 1), picture=_IG_PICTURE, advised=4 / 5, fetched=True),
            "carousel": FormatLimits((2, 10), picture=_IG_PICTURE, video=_IG_REEL, advised=4 / 5, fetched=True),
            "reel": FormatLimits((1, 1), video=_IG_REEL, advised=VERTICAL, fetched=True),
            "story": FormatLimits(
                (1, 1),
                PictureFormatLimits((_JPEG,), 8 * MB),
                video=_IG_STORY,
                advised=VERTICAL,
                caption=False,
                comment=False,
                fetched=True,
            ),
        },
    ),
    "tiktok": PlatformLimits(
        "TikTok",
        {
            "video": FormatLimits((1, 1), video=_TT_VIDEO, advised=VERTICAL),
            "picture": FormatLimits((1, 1), picture=_TT_PICTURE, advised=VERTICAL, fetched=True),
            "carousel": FormatLimits((2, 35), picture=_TT_PICTURE, advised=VERTICAL, fetched=True),
        },
        privacy="by hand",
        comments=False,
        title=True,
    ),
    "youtube": PlatformLimits(
        "YouTube",
        {
            "short": FormatLimits((1, 1), video=_YT_SHORT, advised=VERTICAL),
            "video": FormatLimits((1, 1), video=_YT_VIDEO, advised=16 / 9),
        },
        privacy="public by default",
        values=("public", "unlisted", "private"),
        title=True,
    ),
    "sandbox": PlatformLimits(
        "Sandbox",
        {
            "picture": FormatLimits((1, 1), picture=_SB_PICTURE),
            "carousel": FormatLimits((2, 10), picture=_SB_PICTURE, video=_SB_VIDEO),
            "reel": FormatLimits((1, 1), video=_SB_VIDEO, advised=VERTICAL),
            "story": FormatLimits((1, 1), picture=_SB_PICTURE, video=_SB_VIDEO, advised=VERTICAL, caption=False, comment=False),
            "video": FormatLimits((1, 1), video=_SB_VIDEO),
            "short": FormatLimits((1, 1), video=_SB_VIDEO, advised=VERTICAL),
        },
    ),
}
