"""The video port: a picture in, a short video of it out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.ports.events import EngineStatus, Event
from backend.engines.ports.image import LoraUse


@dataclass(frozen=True, slots=True)
class MotionCard:
    """One motion model or camera move. `prompts`: it follows a prompt and takes LoRAs of family `base` ("": none).

    `side`: px of the long side it was trained at; `frames`, `fps`: its recommended values; `most_frames`: maximum per video.
    `checkpoint`: the request must name a base model. `device`: the capability of the device it needs (`image`); "": none, it
    only moves a camera over the picture. `loops`: its end meets its beginning.
    """

    name: str
    title: str
    prompts: bool
    base: str
    side: int
    frames: int
    fps: int
    most_frames: int
    checkpoint: bool = False
    note: str = ""
    device: str = ""
    loops: bool = False


@dataclass(frozen=True, slots=True)
class MotionRequest:
    """`picture` moves for `frames` frames at `fps` (0: the card's). `movement` 0..1: how much. `checkpoint`: a base model.

    The output is one MP4 in `workdir`: H.264, yuv420p, even sides, no sound, faststart. `width`, `height`: its size in px, or
    both 0: the picture's shape, at most `side` px long. `focus`: which part of a picture of another shape is kept, from 0 (left
    or top) to 1 (right or bottom).
    """

    model: str
    picture: Path
    workdir: Path
    prompt: str = ""
    negative_prompt: str = ""
    checkpoint: str = ""
    frames: int = 0
    fps: int = 0
    steps: int = 20
    cfg: float = 0.0
    movement: float = 0.5
    seed: int = 0
    loras: tuple[LoraUse, ...] = ()
    device: str = ""
    width: int = 0
    height: int = 0
    focus: float = 0.5


class MotionEngine(Protocol):
    """Yields Progress (sampler steps, or frames) and Alive at least once a second, then one Output (meta: width, height,
    frames, fps).

    Closing the generator stops the work.
    """

    name: str

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def models(self) -> list[MotionCard]:
        """All cards, the default first; empty: no video can be made here. Cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...


def video_size(width: int, height: int, max_width: int = 0, max_height: int = 0, longest: int = 0) -> tuple[int, int]:
    """Even sides: as requested, else the picture's size scaled down to at most `longest` px (0: any)."""
    if not (max_width and max_height):
        factor = min(1.0, longest / max(width, height)) if longest else 1.0
        max_width, max_height = round(width * factor), round(height * factor)
    return max(2, max_width // 2 * 2), max(2, max_height // 2 * 2)
