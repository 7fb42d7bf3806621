"""From a draft and a picture to shape, size and length of the video. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from backend.engines.ports.motion import MotionCard
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.media.ffmpeg.camera_moves import focus_on
from backend.videos.schemas import FORMATS, VideoDraft

_MAX_SIDE = 1920
_FULL_HD_FROM = 900
"""A picture whose shorter side is at least this long (px) gives a sharp video of 1080 px."""


def choose_model(models: Sequence[MotionCard], name: str) -> MotionCard:
    """The motion model called `name`, or the first one when `name` is empty. Raises Invalid listing what there is."""
    if model := next((card for card in models if name in ("", card.name)), None):
        return model
    if not models:
        raise Invalid(tr_lazy("Pictures cannot be animated here right now. The System page says what is missing."))
    raise Invalid(
        tr_lazy(
            "There is no way to animate pictures called {name}. There are: {what}.",
            name=repr(name),
            what=", ".join(card.name for card in models),
        )
    )


def size(width: int, height: int, draft: VideoDraft) -> tuple[int, int]:
    """(width, height) of the video in even px: the shorter side as asked for, or as large as the picture can fill."""
    shape = shape_of(width, height, draft.format)
    kept_sides = min(width, height * shape), min(height, width / shape)
    short = draft.side or (1080 if min(kept_sides) >= _FULL_HD_FROM else 720)
    wide, high = (short, short / shape) if shape < 1 else (short * shape, short)
    factor = min(1.0, _MAX_SIDE / max(wide, high))
    return max(2, round(wide * factor / 2) * 2), max(2, round(high * factor / 2) * 2)


def shape_of(width: int, height: int, format_: str) -> float:
    """Width / height of the video."""
    return FORMATS[format_][1] or width / height


def is_cut(width: int, height: int, format_: str) -> bool:
    """Whether the video shows only a part of a picture of this size."""
    return abs(width / height / shape_of(width, height, format_) - 1) > 0.01


def focus_of(face: tuple[float, float] | None, width: int, height: int, shape: float) -> float:
    """What a video of this shape (width / height) keeps by itself of a picture of this size: its face, else the middle."""
    return round(focus_on(face, (width, height), shape), 3) if face else 0.5


def length(draft: VideoDraft, card: MotionCard) -> tuple[int, int]:
    """(frames, frames a second). Raises Invalid when the model cannot make that many frames."""
    fps = draft.fps or card.fps
    frames = draft.frames or (round(draft.seconds * fps) if draft.seconds else round(card.frames * fps / card.fps))
    if not draft.frames and not draft.seconds and card.prompts:
        frames = card.frames
    if not 2 <= frames <= card.most_frames:
        raise Invalid(
            tr_lazy(
                "{title} makes 2 to {most_frames} frames: at {fps} a second at most {most_frames2:.3g} seconds. Choose "
                "a shorter video, or fewer frames a second.",
                title=card.title,
                most_frames=card.most_frames,
                fps=fps,
                most_frames2=card.most_frames / fps,
            )
        )
    return frames, fps


def check_supported(draft: VideoDraft, card: MotionCard) -> None:
    """Raises Invalid for settings that this model would ignore."""
    if not card.prompts and draft.loras:
        raise Invalid(
            tr_lazy("{title} uses no LoRA. Create the picture with the LoRA, then animate that picture.", title=card.title)
        )


def looks_soft(width: int, height: int, video_size: tuple[int, int], format_: str) -> bool:
    """Whether the part of the picture in sight is much smaller than the video."""
    shape = shape_of(width, height, format_)
    return min(width, height * shape) < 0.6 * video_size[0]
