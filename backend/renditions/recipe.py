"""How a file is prepared, and what it will be then. Pure, so that forms, checks and the worker get the same result."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.assets import AssetCard

JPEG, MP4 = "image/jpeg", "video/mp4"
COPYABLE = (MP4, "video/quicktime")
"""Videos whose tracks can be copied without encoding."""
MIN_FPS, DEFAULT_FPS, MAX_FPS = 23.0, 30.0, 60.0
"""Frames a second that every platform takes; slower videos get DEFAULT_FPS (docs/contracts/instagram.md, 3)."""
MAX_SIDE, MIN_SIDE = 1920, 360
"""Sides in px of a converted video: Instagram takes at most 1920, TikTok at least 360."""
Box = tuple[int, int, int, int]


class RenditionRecipe(BaseModel):
    """How one file is prepared. A picture becomes a JPEG in sRGB, a video an MP4, both without metadata, with the AI mark.

    `ratio`: width/height it is cropped to, around `focus` (0 left or top, 1 right or bottom; None: the middle). `width`,
    `longest`: px at most, of the width and the longer side; `least`: px wide that a narrower picture is enlarged to.
    `seconds`: keep only so many from the start. `transcode`: H.264, 23 to 60 frames a second, sides of 360 to 1920 px.
    `max_bytes`: size at most.
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
        """SHA-256 of all fields: equal recipes have equal digests."""
        unset = (
            {"least"} if self.least is None else None
        )  # left out when unset: files made before this field existed keep their digests
        return hashlib.sha256(self.model_dump_json(exclude=unset).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts about a file: `width` and `height` in px; `size` in bytes, None before it is made. Videos: `duration_s`, `fps`,
    `codec` and `audio` as ffmpeg names them ("": none, or unknown)."""

    mime: str
    width: int
    height: int
    duration_s: float | None = None
    fps: float | None = None
    codec: str = ""
    audio: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CutPlan:
    """`box`: x, y, width, height in px of the kept part of the source; `size`: (width, height) in px of the result.

    `fps`, `seconds`: None: unchanged. `encode`: the video must be encoded, copying its tracks is not enough.
    """

    box: Box
    size: tuple[int, int]
    fps: float | None = None
    seconds: float | None = None
    encode: bool = True


def facts_of(card: AssetCard) -> FileFacts:
    """Facts of an asset, from its row."""

    def number(name: str) -> float | None:
        value = card.meta.get(name)
        return float(value) if isinstance(value, (int, float)) else None

    return FileFacts(
        mime=card.content_type,
        width=card.width or 0,
        height=card.height or 0,
        duration_s=number("duration_s"),
        fps=number("fps"),
        codec=str(card.meta.get("codec") or ""),
        audio=str(card.meta.get("audio") or ""),
        size=card.size_bytes,
    )


def expected_facts_of(card: AssetCard, recipe: RenditionRecipe) -> FileFacts:
    """Facts of the file that this recipe makes of an asset. What is unknown of the asset stays unknown."""
    return expected_facts(facts_of(card), recipe)


def expected_facts(source: FileFacts, recipe: RenditionRecipe) -> FileFacts:
    cut = plan_cut(source, recipe)
    width, height = cut.size
    if recipe.kind == "picture":
        return FileFacts(JPEG, width, height)
    duration_s = source.duration_s
    if duration_s is not None and cut.seconds is not None:
        duration_s = min(duration_s, cut.seconds)
    if not cut.encode:
        return FileFacts(MP4, width, height, duration_s, source.fps, source.codec, source.audio, source.size)
    return FileFacts(MP4, width, height, duration_s, cut.fps or source.fps, "h264", "aac" if source.audio else "")


def plan_cut(source: FileFacts, recipe: RenditionRecipe) -> CutPlan:
    """How a file is cut, scaled and shortened. Videos get even sides, as H.264 needs them."""
    is_video = recipe.kind == "video"
    box = crop(source.width, source.height, recipe.ratio, focus=recipe.focus, even=is_video)
    size = _output_size(box[2], box[3], recipe)
    if not is_video:
        return CutPlan(box, size)
    fps = _output_fps(source.fps) if recipe.transcode else None
    seconds = recipe.seconds if recipe.seconds and (source.duration_s or recipe.seconds + 1) > recipe.seconds else None
    changed = size != (source.width, source.height) or seconds is not None or recipe.transcode
    return CutPlan(box, size, fps, seconds, encode=changed or source.mime not in COPYABLE)


def crop(width: int, height: int, ratio: float | None, *, focus: float | None = None, even: bool = False) -> Box:
    """The largest box of this width/height ratio, around `focus` on the side that is cut. `even`: even position and size.

    Simple ratios (4:5) are met exactly in pictures; with others rounding may leave a pixel more of the uncut shape.
    """
    if not ratio or width < 2 or height < 2 or abs(width / height - ratio) <= 0.001 * ratio:
        return 0, 0, width, height
    box_width, box_height = _largest_box(width, height, ratio, even=even)
    position = 0.5 if focus is None else focus
    x, y = (
        round((width - box_width) * (position if width / height > ratio else 0.5)),
        round((height - box_height) * (position if width / height < ratio else 0.5)),
    )
    return (x - x % 2, y - y % 2, box_width, box_height) if even else (x, y, box_width, box_height)


def _largest_box(width: int, height: int, ratio: float, *, even: bool) -> tuple[int, int]:
    simple_ratio = Fraction(ratio).limit_denominator(20)
    if not even and simple_ratio.numerator <= 20 and abs(float(simple_ratio) - ratio) < 1e-3:
        scale = min(width // simple_ratio.numerator, height // simple_ratio.denominator)
        if scale:
            return scale * simple_ratio.numerator, scale * simple_ratio.denominator
    box_width, box_height = (int(height * ratio), height) if width / height > ratio else (width, int(width / ratio))
    step = 2 if even else 1
    return max(step, box_width - box_width % step), max(step, box_height - box_height % step)


def _output_size(width: int, height: int, recipe: RenditionRecipe) -> tuple[int, int]:
    if not width or not height:
        return width, height
    long, short = max(width, height), min(width, height)
    factor = min(1.0, (recipe.width or width) / width, (recipe.longest or long) / long)
    if recipe.transcode:
        factor = min(factor, MAX_SIDE / long)
        if short * factor < MIN_SIDE:
            factor = min(MIN_SIDE / short, max(factor, MAX_SIDE / long))
    if recipe.kind == "picture":
        factor = max(factor, (recipe.least or 0) / width)
        return max(1, round(width * factor)), max(1, round(height * factor))
    output_width, output_height = _even(width * factor), _even(height * factor)
    if factor != 1.0 and recipe.ratio and abs(width / height - recipe.ratio) < 0.02 * recipe.ratio:
        # it is scaled anyway, so make the ratio exact: the crop to whole px was slightly off
        output_height = _even(output_width / recipe.ratio)
    return output_width, output_height


def _even(px: float) -> int:
    return max(2, round(px / 2) * 2)


def _output_fps(source_fps: float | None) -> float | None:
    """The frame rate to convert to; None: keep it."""
    if source_fps is None or MIN_FPS <= source_fps <= MAX_FPS:
        return None
    return DEFAULT_FPS if source_fps < MIN_FPS else MAX_FPS
