"""What is done to a file before it goes out, and what comes of it. Pure: forms, checks and the worker count alike."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.assets import AssetCard

JPEG, MP4 = "image/jpeg", "video/mp4"
COPIED = (MP4, "video/quicktime")
"""Films whose tracks can be taken over as they are; others are encoded."""
SLOWEST, USUAL, FASTEST = 23.0, 30.0, 60.0
"""Frames a second that every platform takes, and what a slower film gets (docs/contracts/instagram.md, 3)."""
LONGEST, SHORTEST = 1920, 360
"""Sides in px of a converted film: Instagram takes 1920, TikTok wants 360."""
Box = tuple[int, int, int, int]


class Recipe(BaseModel):
    """`ratio`: width/height it is cropped to, around `focus` (0 left or top, 1 right or bottom; None: the middle).

    `width`, `longest`: px at most; `least`: px wide that a narrower picture is enlarged to. `seconds`: only the first so
    many. `transcode`: H.264, 23 to 60 frames a second, sides of 360 to 1920 px. `max_bytes`: the file is made small enough.
    A picture becomes a JPEG in sRGB, a film an MP4, both freed of metadata, with the AI mark.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["picture", "video"]
    ratio: float | None = Field(None, ge=0.01, le=100)
    focus: float | None = Field(None, ge=0, le=1)
    width: int | None = Field(None, ge=16, le=10_000)
    least: int | None = Field(None, ge=16, le=2_000)
    seconds: float | None = Field(None, ge=0.1, le=12 * 3600)
    transcode: bool = False
    ai_mark: bool = True
    longest: int | None = Field(None, ge=16, le=10_000)
    max_bytes: int | None = Field(None, ge=10_000)

    @field_validator("ratio", "focus", "seconds")
    @classmethod
    def _rounded(cls, value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    @property
    def digest(self) -> str:
        """SHA-256 of all it says: equal recipes have equal ones."""
        unsaid = {"least"} if self.least is None else None  # files of before there was this one keep their digests
        return hashlib.sha256(self.model_dump_json(exclude=unsaid).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a file: `width` and `height` px; `size` bytes, None: not known before it is made. Films: `duration_s`, `fps`,
    `codec` and `audio` as ffmpeg names them ("": none, or not known)."""

    mime: str
    width: int
    height: int
    duration_s: float | None = None
    fps: float | None = None
    codec: str = ""
    audio: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Cutting:
    """`box`: x, y, width, height in px of the source that are kept; `size`: px it comes out as.

    `fps`, `seconds`: None, as they are. `encode`: a film cannot just be copied.
    """

    box: Box
    size: tuple[int, int]
    fps: float | None = None
    seconds: float | None = None
    encode: bool = True


def facts(card: AssetCard) -> Facts:
    """Of an asset, as its row tells them."""

    def number(name: str) -> float | None:
        value = card.meta.get(name)
        return float(value) if isinstance(value, (int, float)) else None

    return Facts(
        mime=card.content_type, width=card.width or 0, height=card.height or 0, duration_s=number("duration_s"),
        fps=number("fps"), codec=str(card.meta.get("codec") or ""), audio=str(card.meta.get("audio") or ""),
        size=card.size_bytes,
    )  # fmt: skip


def expected(card: AssetCard, recipe: Recipe) -> Facts:
    """What comes of an asset by this recipe. What is not known of the asset stays unknown."""
    return outcome(facts(card), recipe)


def outcome(source: Facts, recipe: Recipe) -> Facts:
    cut = cutting(source, recipe)
    width, height = cut.size
    if recipe.kind == "picture":
        return Facts(JPEG, width, height)
    lasts = source.duration_s
    if lasts is not None and cut.seconds is not None:
        lasts = min(lasts, cut.seconds)
    if not cut.encode:
        return Facts(MP4, width, height, lasts, source.fps, source.codec, source.audio, source.size)
    return Facts(MP4, width, height, lasts, cut.fps or source.fps, "h264", "aac" if source.audio else "")


def cutting(source: Facts, recipe: Recipe) -> Cutting:
    """How a file of these facts is cut, scaled and shortened. Sides of films come out even."""
    film = recipe.kind == "video"
    box = crop(source.width, source.height, recipe.ratio, focus=recipe.focus, even=film)
    size = _size(box[2], box[3], recipe)
    if not film:
        return Cutting(box, size)
    fps = _fps(source.fps) if recipe.transcode else None
    seconds = recipe.seconds if recipe.seconds and (source.duration_s or recipe.seconds + 1) > recipe.seconds else None
    changed = size != (source.width, source.height) or seconds is not None or recipe.transcode
    return Cutting(box, size, fps, seconds, encode=changed or source.mime not in COPIED)


def crop(width: int, height: int, ratio: float | None, *, focus: float | None = None, even: bool = False) -> Box:
    """The largest part of this shape, around `focus` on the side that is cut. `even`: with even px.

    Plain shapes (4:5) come out exactly in pictures; others never beyond the ratio seen from the uncut shape.
    """
    if not ratio or width < 2 or height < 2 or abs(width / height - ratio) <= 0.001 * ratio:
        return 0, 0, width, height
    wide, high = _largest(width, height, ratio, even=even)
    at = 0.5 if focus is None else focus
    x, y = (
        round((width - wide) * (at if width / height > ratio else 0.5)),
        round((height - high) * (at if width / height < ratio else 0.5)),
    )
    return (x - x % 2, y - y % 2, wide, high) if even else (x, y, wide, high)


def _largest(width: int, height: int, ratio: float, *, even: bool) -> tuple[int, int]:
    plain = Fraction(ratio).limit_denominator(20)
    if not even and plain.numerator <= 20 and abs(float(plain) - ratio) < 1e-3:
        times = min(width // plain.numerator, height // plain.denominator)
        if times:
            return times * plain.numerator, times * plain.denominator
    wide, high = (int(height * ratio), height) if width / height > ratio else (width, int(width / ratio))
    step = 2 if even else 1
    return max(step, wide - wide % step), max(step, high - high % step)


def _size(width: int, height: int, recipe: Recipe) -> tuple[int, int]:
    if not width or not height:
        return width, height
    long, short = max(width, height), min(width, height)
    factor = min(1.0, (recipe.width or width) / width, (recipe.longest or long) / long)
    if recipe.transcode:
        factor = min(factor, LONGEST / long)
        if short * factor < SHORTEST:
            factor = min(SHORTEST / short, max(factor, LONGEST / long))
    if recipe.kind == "picture":
        factor = max(factor, (recipe.least or 0) / width)
        return max(1, round(width * factor)), max(1, round(height * factor))
    wide, high = _even(width * factor), _even(height * factor)
    if factor != 1.0 and recipe.ratio and abs(width / height - recipe.ratio) < 0.02 * recipe.ratio:
        # scaled anyway: exactly this shape then, for the crop to whole px is a hair beside it
        high = _even(wide / recipe.ratio)
    return wide, high


def _even(px: float) -> int:
    return max(2, round(px / 2) * 2)


def _fps(have: float | None) -> float | None:
    """None: as it is."""
    if have is None or SLOWEST <= have <= FASTEST:
        return None
    return USUAL if have < SLOWEST else FASTEST
