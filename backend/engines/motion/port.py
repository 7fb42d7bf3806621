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
    `checkpoint`: the image checkpoint it moves needs to be named.
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


@dataclass(frozen=True, slots=True)
class MotionRequest:
    """`picture` moves for `frames` frames at `fps`. `movement` 0..1: how much. `checkpoint`: for cards that name it needed.

    The output is one MP4 (H.264, yuv420p where the server can) in `workdir`, at most `side` px long, as wide and high in shape
    as `picture`. Without sound.
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


class MotionEngine(Protocol):
    """Yields Progress (sampler steps) and Alive at least once a second, then one Output (meta: width, height, frames, fps).

    Closing the generator stops the work.
    """

    name: str

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def models(self) -> list[MotionCard]:
        """The default one first; empty: nothing can move pictures here. Cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus: ...
