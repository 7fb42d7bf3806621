"""The image port: a prompt (and perhaps a picture) in, picture files out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.engines.comfyui.workflow import Workflow
from backend.engines.events import EngineStatus, Event
from backend.engines.image.params import ImageParams
from backend.engines.prompt_forms import NATURAL, PromptForm


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA file in kohya key layout (`.safetensors`) and its weight (-2..2)."""

    name: str
    path: Path
    weight: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A base model the engine can draw with. `base`: family a LoRA must match (`starter-128`, `sd15`, `sdxl`).

    `side`: the side in px it was trained at; `step_px`: width and height must be multiples of it;
    `sampler`, `steps`, `cfg`: its own recommended values. `longest_px`: the longest side it can draw. `features`: what
    the engine can do with it besides a prompt: `picture` (draw from a picture), `mask` (change a part of one), `pose` (hold a
    drawn pose), `pose-photo` (read the pose from any picture), `hires` (a second, larger pass), `graph` (imported workflows).
    `prompts`: the prompt format it understands. `square`: trained on squares only and weaker at other shapes, so squares are
    the default. `lora_weight`: the default strength of a LoRA trained on it.
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


class ImageRequest(ImageParams):
    """`seeds`: one picture each, in order. `init_image` with `strength` (0..1, 1 = ignore it) draws from a picture.

    `prompts`: one per picture instead of `prompt`; empty: `prompt` for all. `mask` (white = redraw, any size, stretched over
    `init_image`) changes only that part: the output has the size of `init_image` and is unchanged under black; the change
    fades in over `feather` px inside the white. Width and height are then the engine's choice.

    `pose`: a picture whose pose is kept at `pose_strength` (0..2); `pose_drawn`: it already is a drawn skeleton.
    `workflow`: an imported graph to use instead of the engine's own; values without a slot in it are ignored.

    Outputs are PNG files `<n>.png` in `workdir`; picture n depends on seeds[n] and prompts[n] only, not on the batch.
    `device`: the device the attempt holds; engines with several servers choose the server by it.
    """

    model: str
    prompt: str
    negative_prompt: str
    seeds: tuple[int, ...]
    workdir: Path
    loras: tuple[LoraUse, ...] = ()
    init_image: Path | None = None
    prompts: tuple[str, ...] = ()
    mask: Path | None = None
    device: str = ""
    pose: Path | None = None
    pose_drawn: bool = False
    pose_strength: float = 0.9
    workflow: Workflow | None = None


class ImageEngine(Protocol):
    """Draws pictures. Yields Progress (unit: denoising steps of the whole request), Output per picture as it is ready."""

    name: str
    keeps_s: float
    """Seconds a model stays in memory after it drew."""

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def models(self) -> list[ModelCard]:
        """All base models, the default first. Cheap: reads folder listings and configs, loads no weights."""
        ...

    def missing_for(self, workflow: Workflow) -> list[str]:
        """Sentences naming what must be installed to run an imported workflow here. Called by pages: cheap."""
        ...

    def status(self, device: str = "") -> EngineStatus:
        """The status of the server behind `device`; for "", of all of them together."""
        ...

    def loaded(self, device: str) -> str:
        """The model in that device's memory, which needs no loading; "": none or unknown. Cheap, asks no server."""
        ...

    def unload(self, device: str = "") -> None:
        """Frees the device's memory now (called when the device changes hands); for "", that of all devices."""
        ...
