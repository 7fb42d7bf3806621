"""The image port: a prompt (and perhaps a picture) in, picture files out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.comfyui.workflow import Workflow
from backend.engines.events import EngineStatus, Event
from backend.engines.prompt_forms import NATURAL, PromptForm


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA file in kohya key layout (`.safetensors`) and its weight (-2..2)."""

    name: str
    path: Path
    weight: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A checkpoint the engine can draw with. `base`: family a LoRA must match (`starter-128`, `sd15`, `sdxl`).

    `side`: the side in px it was trained at; `step_px`: width and height must be multiples of it;
    `sampler`, `steps`, `cfg`: its own recommended values. `longest_px`: the longest side it can draw. `features`: what
    the engine can do with it besides a prompt: `picture` (draw from a picture), `mask` (change a part of one), `pose` (hold a
    drawn pose), `pose-photo` (read the pose from any picture), `hires` (a second, larger pass), `graph` (imported workflows).
    `prompts`: the words it understands. `square`: it was trained on squares alone and draws other shapes less well, so that
    nobody should get one who did not ask for it. `lora_weight`: the strength at which a LoRA trained on it is drawn by default.
    """

    name: str
    title: str
    base: str
    side: int
    step_px: int
    samplers: tuple[str, ...]
    sampler: str
    steps: int
    cfg: float
    trainable: bool
    note: str = ""
    longest_px: int = 0
    features: tuple[str, ...] = ("picture", "mask")
    prompts: PromptForm = NATURAL
    square: bool = False
    lora_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """`seeds`: one picture each, in order. `init_image` with `strength` (0..1, 1 = ignore it) draws from a picture.

    `prompts`: one a picture, in place of `prompt`; empty: the same for all. `mask` (white = draw anew, any size, stretched
    over `init_image`) changes that part alone: the output has the size of `init_image`, and every pixel under black is its
    own; the change fades in over `feather` px inside the white. Width and height are then the engine's choice.

    `pose`: a picture whose pose is held at `pose_strength` (0..2); `pose_drawn`: it is a drawn skeleton already. `hires` > 1:
    what was drawn is enlarged by it and drawn again at `hires_strength` (0..1): the output is that much larger than `width` x
    `height`. `workflow`: an imported graph draws in place of the engine's own; what it has no slot for is not used.

    Outputs are PNG files in `workdir` named `<n>.png`; picture n is drawn from seeds[n] and prompts[n] alone, whatever the
    batch. `device`: name of the card the attempt holds; engines with several servers choose by it.
    """

    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    cfg: float
    sampler: str
    seeds: tuple[int, ...]
    workdir: Path
    loras: tuple[LoraUse, ...] = ()
    init_image: Path | None = None
    strength: float = 0.6
    prompts: tuple[str, ...] = ()
    mask: Path | None = None
    feather: int = 0
    device: str = ""
    pose: Path | None = None
    pose_drawn: bool = False
    pose_strength: float = 0.9
    hires: float = 1.0
    hires_strength: float = 0.5
    workflow: Workflow | None = None


class ImageEngine(Protocol):
    """Draws pictures. Yields Progress (unit: denoising steps of the whole request), Output per picture as it is ready."""

    name: str
    keeps_s: float
    """Seconds a model stays in memory after it drew."""

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def models(self) -> list[ModelCard]:
        """Checkpoints on offer, the default one first. Cheap: reads folder listings and configs, loads no weights."""
        ...

    def missing_for(self, workflow: Workflow) -> list[str]:
        """What keeps an imported workflow from running here, as sentences naming what to install. Called by pages: cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus:
        """Of the server behind `device`; without one, of all of them together."""
        ...

    def loaded(self, device: str) -> str:
        """The model that is in that device's memory: it draws at once. Empty: none, or not known. Cheap, asks no server."""
        ...

    def unload(self, device: str = "") -> None:
        """Give the device's memory back now (called when the device changes hands); without one, all of it."""
        ...
