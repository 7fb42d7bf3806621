"""The trainer port: pictures with captions in, a LoRA in kohya key layout out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.engines.events import Checkpoint, EngineStatus, Event
from backend.engines.image.port import ModelCard
from backend.engines.kohya.presets import MemoryPreset


@dataclass(frozen=True, slots=True)
class TrainImage:
    """One picture (any size, RGB file) and its caption as trained (trigger word already in it).

    `crop`: x, y, width, height in px of the part to learn; None: all of it. `mask`: a picture of the same shape in any size,
    white where the loss counts and black where it does not (kohya's alpha_mask); None: it counts everywhere.
    """

    path: Path
    caption: str
    crop: tuple[int, int, int, int] | None = None
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainParams:
    """kohya's terms. `steps`: optimizer steps. `resolution`: side in px that pictures are cropped and scaled to.

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
