"""What each platform takes, format by format: docs/contracts/instagram.md, 3; tiktok.md, 6; youtube.md, 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.platforms.port import Format

MB = 1_000_000
GB = 1000 * MB
TALL, SQUARE = 9 / 16, 1.0
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """`ratio`: width/height, both ends allowed. `longest`: px of the longer side."""

    mimes: tuple[str, ...]
    size: int
    ratio: Range | None = None
    min_width: int = 1
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class FilmLimits:
    """`codecs` and `audio` as ffprobe names them. `sides`: px of either side. `size` bytes."""

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
    """`count`: files. `advised`: the ratio that fills the screen. `caption` False: no text is shown with it. `fetched`: the
    platform gets the files by address, over the internet, instead of taking their bytes."""

    count: tuple[int, int]
    picture: PictureLimits | None = None
    film: FilmLimits | None = None
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
_FILMS = ("video/mp4", "video/quicktime")
_IG_PICTURE = PictureLimits((_JPEG,), 8 * MB, (4 / 5, 1.91), 320)
_IG_REEL = FilmLimits(_FILMS, ("h264", "hevc"), ("aac",), 300 * MB, (3, 15 * 60), (23, 60), max_width=1920, ratio=(0.01, 10))
_IG_STORY = FilmLimits(_FILMS, ("h264", "hevc"), ("aac",), 100 * MB, (3, 60), (23, 60), max_width=1920, ratio=(0.1, 10))
_TT_PICTURE = PictureLimits((_JPEG, "image/webp"), 20 * MB, longest=1920)
_TT_FILM = FilmLimits((*_FILMS, "video/webm"), ("h264", "hevc", "vp8", "vp9"), (), 4 * GB, (1, 10 * 60), (23, 60), (360, 4096))
_YT_FILM = FilmLimits((), (), (), 256 * GB, (0.1, 12 * 3600))
_YT_SHORT = FilmLimits((), (), (), 256 * GB, (0.1, 180), ratio=(0.01, SQUARE))
_SB_PICTURE = PictureLimits((_JPEG, "image/png", "image/webp"), 20 * MB, (0.4, 2.5), 64)
_SB_FILM = FilmLimits((*_FILMS, "video/webm"), (), (), 300 * MB, (0.5, 15 * 60))

PLATFORMS: dict[str, PlatformLimits] = {
    "instagram": PlatformLimits(
        "Instagram",
        {
            "picture": FormatLimits((1, 1), picture=_IG_PICTURE, advised=4 / 5, fetched=True),
            "carousel": FormatLimits((2, 10), picture=_IG_PICTURE, film=_IG_REEL, advised=4 / 5, fetched=True),
            "reel": FormatLimits((1, 1), film=_IG_REEL, advised=TALL, fetched=True),
            "story": FormatLimits(
                (1, 1),
                PictureLimits((_JPEG,), 8 * MB),
                film=_IG_STORY,
                advised=TALL,
                caption=False,
                comment=False,
                fetched=True,
            ),
        },
    ),
    "tiktok": PlatformLimits(
        "TikTok",
        {
            "video": FormatLimits((1, 1), film=_TT_FILM, advised=TALL),
            "picture": FormatLimits((1, 1), picture=_TT_PICTURE, advised=TALL, fetched=True),
            "carousel": FormatLimits((2, 35), picture=_TT_PICTURE, advised=TALL, fetched=True),
        },
        privacy="by hand",
        comments=False,
        title=True,
    ),
    "youtube": PlatformLimits(
        "YouTube",
        {
            "short": FormatLimits((1, 1), film=_YT_SHORT, advised=TALL),
            "video": FormatLimits((1, 1), film=_YT_FILM, advised=16 / 9),
        },
        privacy="public by default",
        values=("public", "unlisted", "private"),
        title=True,
    ),
    "sandbox": PlatformLimits(
        "Sandbox",
        {
            "picture": FormatLimits((1, 1), picture=_SB_PICTURE),
            "carousel": FormatLimits((2, 10), picture=_SB_PICTURE, film=_SB_FILM),
            "reel": FormatLimits((1, 1), film=_SB_FILM, advised=TALL),
            "story": FormatLimits((1, 1), picture=_SB_PICTURE, film=_SB_FILM, advised=TALL, caption=False, comment=False),
            "video": FormatLimits((1, 1), film=_SB_FILM),
            "short": FormatLimits((1, 1), film=_SB_FILM, advised=TALL),
        },
    ),
}
