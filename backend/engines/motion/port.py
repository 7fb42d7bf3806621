"""The motion port: a picture in, a short film of it out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.events import EngineStatus, Event
from backend.engines.image.port import LoraUse


@dataclass(frozen=True, slots=True)
class MotionCard:
    """A way to make a picture move. `prompts`: it follows words, and takes LoRAs of family `base` ("" none).

    `side`: px of the long side it was trained at; `frames`, `fps`: its own recommended values; `most_frames`: in one film.
    `checkpoint`: the image checkpoint it moves needs to be named. `device`: the capability of the card it must hold (`image`),
    empty: none, then it moves a camera over the picture and draws nothing. `loops`: its end meets its beginning.
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
    """`picture` moves for `frames` frames at `fps`. `movement` 0..1: how much. `checkpoint`: for cards that name it needed.

    The output is one MP4 in `workdir`: H.264, yuv420p, even sides, without sound, its index in front. `width`, `height`: its
    size in px, both or neither; neither: in shape as the picture, at most `side` px long. Of a picture of another shape `focus`
    0..1 is kept: 0 its left or top, 1 its right or bottom.
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
        """The default one first; empty: nothing can move pictures here. Cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...
