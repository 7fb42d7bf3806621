"""What a platform takes: limits of files and of texts. The numbers of each are in its own folder's `platform.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MB = 1_000_000
GB = 1000 * MB
VERTICAL, SQUARE = 9 / 16, 1.0
Range = tuple[float, float]
Unit = Literal["characters", "UTF-16 units", "bytes"]


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
    `fetched`: the platform fetches the files from a URL instead of taking an upload. `ai_label` False: posts of this format
    cannot carry the platform's AI label. `links` False: links in the text cannot be clicked."""

    count: tuple[int, int]
    picture: PictureFormatLimits | None = None
    video: VideoLimits | None = None
    advised: float | None = None
    caption: bool = True
    comment: bool = True
    fetched: bool = False
    ai_label: bool = True
    links: bool = True


@dataclass(frozen=True, slots=True)
class TextLimit:
    """Limit of one text. `name`: what users of the platform call it."""

    name: str
    limit: int
    unit: Unit = "characters"


@dataclass(frozen=True, slots=True)
class TextRules:
    """`text`: the text under the post, None: the platform shows none. `heading`: a separate title, None: there is none.

    `key`: unique among all platforms. `hashtags`, `mentions`: limits for all texts together, None: no limit. `forbidden`:
    refused characters. `tags_in_all`: limit of characters of all keywords together (YouTube's `tags`).
    """

    key: str
    title: str
    text: TextLimit | None
    heading: TextLimit | None = None
    hashtags: int | None = None
    mentions: int | None = None
    forbidden: str = ""
    alt: TextLimit | None = None
    tags_in_all: int | None = None
