"""The image port: a prompt (and perhaps a picture) in, picture files out; sizes, and what every engine refuses."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import product
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, create_model

from backend.engines.ports.events import EngineStatus, Event
from backend.engines.ports.prompt_forms import NATURAL, PromptForm
from backend.engines.ports.workflow import Workflow
from backend.errors import EngineError, Invalid, Rejected, Unsupported
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.media.model_files import safetensors


class SecondPass(BaseModel):
    """What was drawn is enlarged `scale` times and drawn again; `strength` 0..1: how much of it anew."""

    scale: float
    strength: float = 0.5


class SecondPassPick(Draft):
    scale: float = Field(1.5, gt=1, le=2)
    strength: float = Field(0.5, gt=0, le=1)


class ImageParams(BaseModel):
    """As an engine draws with them; which values it can draw is checked there. Recipes store them under these names.

    `width`, `height`: px. `strength` 0..1: how far from the start picture, 1 = ignore it. `feather`: px over which a mask
    fades in.
    """

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    steps: int
    cfg: float
    sampler: str
    strength: float = 0.6
    feather: int = 0
    second_pass: SecondPass | None = None

    def params(self) -> dict[str, Any]:
        """The parameters alone, by name, as everything that carries them takes them."""
        return self.model_dump(include=set(ImageParams.model_fields))


class ImageParamsDraft(Draft):
    """As a person asks for them, within these limits. None or "": as the model recommends."""

    width: int | None = Field(None, ge=64, le=4096)
    height: int | None = Field(None, ge=64, le=4096)
    steps: int | None = Field(None, ge=1, le=150)
    cfg: float | None = Field(None, ge=0, le=30)
    sampler: str = ""
    strength: float = Field(0.6, gt=0, le=1)
    feather: int = Field(8, ge=0, le=64)
    second_pass: SecondPassPick | None = None

    def params(self) -> dict[str, Any]:
        """The parameters alone, by name, as everything that carries them takes them."""
        return self.model_dump(include=set(ImageParams.model_fields))


if TYPE_CHECKING:

    class PartialImageParams(BaseModel):
        """Those parameters of one picture that differ from its request's: each may be missing."""

else:
    PartialImageParams = create_model(
        "PartialImageParams", **{name: (field.annotation | None, None) for name, field in ImageParams.model_fields.items()}
    )


DEFAULT_LORA_WEIGHT = 0.8
"""The strength of a LoRA where neither its base model nor a person says another."""


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
    lora_weight: float = DEFAULT_LORA_WEIGHT


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


MAX_ASPECT = 2.0


def fit_size(card: ModelCard, width: int, height: int) -> tuple[int, int]:
    """The drawn (width, height) in px: unchanged when the model can, else the size nearest in shape that it can draw.

    A model draws multiples of `step_px` from half its `side` to `longest_px`. Raises Unsupported for shapes longer than 2:1.
    """
    if width < 1 or height < 1 or max(width, height) > MAX_ASPECT * min(width, height):
        raise Unsupported(
            tr_lazy(
                "{title} cannot create {width} x {height}: the long side may be twice the short one at most. Choose another.",
                title=card.title,
                width=width,
                height=height,
            )
        )
    longest = card.longest_px or card.side
    if all(side % card.step_px == 0 and card.side <= side * 2 and side <= longest for side in (width, height)):
        return width, height
    sides = [side for side in range(card.step_px, longest + 1, card.step_px) if side * 4 >= card.side * 3] or [card.side]
    return min(product(sides, sides), key=lambda size: _distance(size, (width, height), card.side))


def _distance(size: tuple[int, int], requested: tuple[int, int], side: int) -> float:
    """Distance to the requested size: shape first; among equals the area the model was trained at."""
    shape_distance = abs(log(size[0] / size[1] * requested[1] / requested[0]))
    return shape_distance + 0.1 * abs(log(size[0] * size[1] / side**2))


MAX_PICTURES = 64
MAX_STEPS = 200


def check_request(card: ModelCard, request: ImageRequest) -> ImageRequest:
    """The request, at a size the model can draw. Raises Unsupported, Rejected and EngineError before anything is started."""
    if request.sampler not in card.samplers:
        raise Unsupported(
            tr_lazy(
                "{title} has no sampler {sampler}. Choose one of: {samplers}.",
                title=card.title,
                sampler=repr(request.sampler),
                samplers=", ".join(card.samplers),
            )
        )
    if not 1 <= request.steps <= MAX_STEPS:
        raise Unsupported(tr_lazy("Choose between 1 and {max_steps} steps.", max_steps=MAX_STEPS))
    if not 1 <= len(request.seeds) <= MAX_PICTURES:
        raise Unsupported(tr_lazy("Ask for 1 to {max_pictures} pictures at once.", max_pictures=MAX_PICTURES))
    if request.prompts and len(request.prompts) != len(request.seeds):
        raise Unsupported(tr_lazy("Give one prompt for each picture, or one for all."))
    if request.mask and not request.init_image:
        raise Unsupported(tr_lazy("There is no picture under this mask. Choose the picture to change first."))
    for lora in request.loras:
        _check_lora(card, lora)
    if request.mask:
        return request
    width, height = fit_size(card, request.width, request.height)
    return request.model_copy(update={"width": width, "height": height})


def _check_lora(card: ModelCard, lora: LoraUse) -> None:
    try:
        info = safetensors.inspect(lora.path)
    except Invalid as error:
        raise Rejected(
            tr_lazy("The LoRA {name} cannot be used. {message}", name=repr(lora.name), message=error.message)
        ) from error
    except FileNotFoundError as error:
        raise EngineError(tr_lazy("The file of the LoRA {name} is not there. Try again.", name=repr(lora.name))) from error
    if not info.keys_ok:
        raise Unsupported(
            tr_lazy(
                "The LoRA {name} is not in the kohya LoRA layout (lora_down, lora_up). Convert it first.", name=repr(lora.name)
            )
        )
    if info.base and info.base != card.base:
        raise Unsupported(
            tr_lazy(
                "The LoRA {name} was trained for {base}, but {title} is {other_base}. Choose another.",
                name=repr(lora.name),
                base=info.base,
                title=card.title,
                other_base=card.base,
            )
        )
