"""The trainer port: pictures with captions in, a LoRA in kohya key layout out; and what a training trades for memory.

Sources of the memory presets: sd-scripts' own documents (docs/train_SDXL-en.md, docs/train_network.md), and the memory figures
of `backend.training.resource_needs`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.engines.ports.events import Checkpoint, EngineStatus, Event
from backend.engines.ports.image import ModelCard
from backend.language import joined, tr_lazy


@dataclass(frozen=True, slots=True)
class TrainImage:
    """One picture (any size, RGB file) and its caption as trained (trigger word already in it).

    `crop`: x, y, width, height in px of the part to learn; None: all of it. `mask`: a picture of the same shape in any size,
    white where the loss counts and black where it does not (kohya's alpha_mask); None: it counts everywhere. `repeats`: how
    often it is shown an epoch, times `TrainParams.repeats`.
    """

    path: Path
    caption: str
    crop: tuple[int, int, int, int] | None = None
    mask: Path | None = None
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class TrainParams:
    """kohya's terms. `steps`: optimizer steps. `resolution`: side in px that pictures are cropped and scaled to. With a
    `resolution_height` it is the width of a pair as kohya's [512, 768], which bounds the area of pictures of any shape.

    `prior_weight`: weight of prior preservation, the loss on what the model alone draws for other captions; 0: off.
    """

    steps: int
    batch: int
    resolution: int
    network_dim: int
    network_alpha: float
    unet_lr: float
    text_encoder_lr: float
    scheduler: Literal["constant", "cosine", "linear"]
    warmup_steps: int
    repeats: int
    seed: int
    save_every: int
    sample_every: int
    caption_dropout: float = 0.1
    train_convolutions: bool = True
    flip: bool = False
    min_snr_gamma: float = 0.0
    prior_weight: float = 0.0
    resolution_height: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.resolution, self.resolution_height or self.resolution

    @property
    def area_px(self) -> int:
        width, height = self.sides
        return width * height

    @property
    def prior_batch(self) -> int:
        """How many prior samples a step learns from besides `batch` pictures: a quarter of it, at least one; 0 if off."""
        return max(1, round(self.batch / 4)) if self.prior_weight > 0 else 0


@dataclass(frozen=True, slots=True)
class StartCheckpoint:
    """A checkpoint of another run to start from; the new run's steps count from 1.

    `step`: steps trained so far, all runs together. `lora`: kohya key layout. `state`: that checkpoint's state file if it still
    exists: exact weights and optimizer moments.
    """

    step: int
    lora: Path
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """`resume`: state file of the last Checkpoint event of an earlier attempt; its steps are not repeated.

    `start`: a checkpoint to start from; ignored with `resume`. `device`: the device the attempt holds.
    """

    model: str
    name: str
    images: tuple[TrainImage, ...]
    params: TrainParams
    sample_prompts: tuple[str, ...]
    sample_negative: str
    workdir: Path
    resume: Path | None = None
    start: StartCheckpoint | None = None
    device: str = ""


class LoraTrainer(Protocol):
    """Trains one LoRA in a child process.

    Yields Progress(phase: loading | caching | training | sampling | saving), Metric per step, Sample, Checkpoint; the last
    Checkpoint has final=True, its file loads and is finite. The last event is an Output with n=0, path = the final LoRA and
    meta = {"steps", "loss_first", "loss_last", "loss_over"}: the loss at the start and the end, and in words over what these
    means are taken ("32 fixed draws", "the first and the last 32 steps"). A trainer without losses leaves all three out.
    Raises Rejected when the loss is not finite or `start` does not fit, OutOfMemory, EngineUnavailable.
    """

    name: str

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def newest_checkpoint(self, workdir: Path) -> Checkpoint | None:
        """The newest checkpoint in `workdir` after `run` was closed, for which there was no event any more."""
        ...

    def models(self) -> list[ModelCard]: ...

    def status(self, device: str = "") -> EngineStatus: ...


def uses_masks(trainer: LoraTrainer) -> bool:
    """Whether it weighs the loss by `TrainImage.mask`: trainers that do have `masks = True`."""
    return bool(getattr(trainer, "masks", False))


def memory_preset(trainer: LoraTrainer, base: str, vram_mb: int) -> MemoryPreset | None:
    """How it saves memory on a device of `vram_mb` MB (0: a CPU); None: the trainer has no such presets."""
    choose = getattr(trainer, "preset", None)
    preset: MemoryPreset | None = choose(base, vram_mb) if choose else None
    return preset


GB = 1024
_REPORTED_SHARE = 0.9
"""Devices report a little less than their nominal memory."""


@dataclass(frozen=True, slots=True)
class MemoryPreset:
    """`gb`: memory of the device it is for; 0: a CPU. `micro_batch`: pictures in memory at the model's own side.

    `checkpointing`: gradient checkpointing. `eight_bit`: AdamW8bit, where bitsandbytes is installed. `cache_text`: the text
    encoders' outputs are computed once and the encoders unloaded; they are not trained then and no caption is dropped.
    `fp8`: the frozen U-Net in 8 bits.
    """

    gb: int
    micro_batch: int
    checkpointing: bool = False
    eight_bit: bool = False
    cache_text: bool = False
    fp8: bool = False

    @property
    def title(self) -> str:
        """For people: `for a GPU with 12 GB: gradient checkpointing, 8-bit optimizer`."""
        device = tr_lazy("for a GPU with {n} GB", n=self.gb) if self.gb else tr_lazy("for a processor")
        parts = (
            (tr_lazy("gradient checkpointing"), self.checkpointing),
            (tr_lazy("8-bit optimizer"), self.eight_bit),
            (tr_lazy("text encoders cached"), self.cache_text),
            (tr_lazy("U-Net in 8 bits"), self.fp8),
        )
        names = [name for name, on in parts if on]
        return joined(device, joined(*names, separator=", "), separator=": ") if names else device


_PROCESSOR = MemoryPreset(0, 1_000)
_PRESETS = {
    "sd15": (
        MemoryPreset(8, 4, checkpointing=True, eight_bit=True),
        MemoryPreset(12, 8, checkpointing=True),
        MemoryPreset(16, 4),
        MemoryPreset(24, 8),
    ),
    "sdxl": (
        MemoryPreset(8, 1, checkpointing=True, eight_bit=True, cache_text=True, fp8=True),
        MemoryPreset(12, 1, checkpointing=True, eight_bit=True, cache_text=True),
        MemoryPreset(16, 2, checkpointing=True, eight_bit=True),
        MemoryPreset(24, 4, checkpointing=True),
    ),
}


def preset_for(base: str, vram_mb: int) -> MemoryPreset:
    """The largest preset for `vram_mb` MB; 0: a CPU. `base`: `sd15` or `sdxl`. Less than 8 GB gets the preset of 8."""
    if vram_mb <= 0:
        return _PROCESSOR
    presets = _PRESETS[base]
    return next((preset for preset in reversed(presets) if vram_mb >= preset.gb * GB * _REPORTED_SHARE), presets[0])


def split_batch(batch: int, preset: MemoryPreset, area: float) -> tuple[int, int]:
    """(micro batch, accumulation steps), whose product is `batch`. `area`: relative to the model's own size, 1 there."""
    maximum = max(1, int(preset.micro_batch / area))
    micro_batch = next(n for n in range(min(batch, maximum), 0, -1) if batch % n == 0)
    return micro_batch, batch // micro_batch
