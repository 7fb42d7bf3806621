"""From a draft and a picture to what will be filmed: shape, size, length. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from backend.engines.motion.port import MotionCard
from backend.errors import Invalid
from backend.videos.schemas import FORMATS, ClipDraft

_LONGEST = 1920
_LARGE = 900
"""From this shorter side on a picture gives a sharp film of 1080 px."""


def choose(models: Sequence[MotionCard], name: str) -> MotionCard:
    """The card called `name`, or the first. Raises Invalid with what is on offer."""
    if found := next((card for card in models if name in ("", card.name)), None):
        return found
    if not models:
        raise Invalid("Nothing can move pictures here right now. Look at the System page to see what is missing.")
    raise Invalid(f"There is no way to move pictures called {name!r}. There are: {', '.join(card.name for card in models)}.")


def size(width: int, height: int, draft: ClipDraft) -> tuple[int, int]:
    """The film of a picture of this size: even px, the shorter side as asked for (or as the picture can fill)."""
    shape = shape_of(width, height, draft.format)
    kept = min(width, height * shape), min(height, width / shape)
    short = draft.side or (1080 if min(kept) >= _LARGE else 720)
    wide, high = (short, short / shape) if shape < 1 else (short * shape, short)
    factor = min(1.0, _LONGEST / max(wide, high))
    return max(2, round(wide * factor / 2) * 2), max(2, round(high * factor / 2) * 2)


def shape_of(width: int, height: int, format_: str) -> float:
    """Width / height of the film."""
    return FORMATS[format_][1] or width / height


def length(draft: ClipDraft, card: MotionCard) -> tuple[int, int]:
    """(frames, frames a second). Raises Invalid when the model cannot make so many."""
    fps = draft.fps or card.fps
    frames = draft.frames or (round(draft.seconds * fps) if draft.seconds else round(card.frames * fps / card.fps))
    if not draft.frames and not draft.seconds and card.prompts:
        frames = card.frames
    if not 2 <= frames <= card.most_frames:
        raise Invalid(
            f"{card.title} makes 2 to {card.most_frames} frames: at {fps} a second at most "
            f"{card.most_frames / fps:.3g} seconds. Choose a shorter film, or fewer frames a second."
        )
    return frames, fps


def follows(draft: ClipDraft, card: MotionCard) -> None:
    """Raises Invalid for what this model would not follow: nothing that was asked for is silently left out."""
    if not card.prompts and draft.loras:
        raise Invalid(f"{card.title} takes no LoRA. Draw the picture with it, then animate that picture.")


def small(width: int, height: int, film: tuple[int, int], format_: str) -> bool:
    """Whether the part of the picture that is kept is much smaller than the film: it will look soft."""
    shape = shape_of(width, height, format_)
    return min(width, height * shape) < 0.6 * film[0]
