"""The trainer port: pictures with captions in, a LoRA in kohya key layout out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.engines.events import Checkpoint, EngineStatus, Event
from backend.engines.image.port import ModelCard
from backend.engines.kohya.presets import Preset


@dataclass(frozen=True, slots=True)
class TrainImage:
    """One picture (any size, RGB file) and its caption as trained (trigger word already in it).

    `crop`: x, y, width, height in px of what is learned of it; None: the whole picture. `mask`: a picture of the shape of the
    whole one in any size, white where the loss counts and black where it does not (kohya's alpha_mask); None: everywhere.
    """

    path: Path
    caption: str
    crop: tuple[int, int, int, int] | None = None
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainParams:
    """kohya's words. `steps`: optimizer steps. `resolution`: px side pictures are cropped and scaled to.

    `prior_weight`: of what the model alone draws for other captions, learned beside the pictures so that it stays; 0: off.
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
        """How many of the model's own drawings a step learns from beside `batch` pictures: one to four."""
        return max(1, round(self.batch / 4)) if self.prior_weight > 0 else 0


@dataclass(frozen=True, slots=True)
class Start:
    """A checkpoint of another run: the adapters begin there, the run's own steps count from 1.

    `step`: how many steps these weights have behind them, all runs together. `lora`: kohya key layout. `state`: that
    checkpoint's state file when it is still there: exact weights, and the optimizer's moments.
    """

    step: int
    lora: Path
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """`resume`: state file of the last Checkpoint event of an earlier attempt; its steps are not done again.

    `start`: what to go on from instead of from nothing; `resume` counts more. `device`: name of the card the attempt holds.
    """

    model: str
    name: str
    images: tuple[TrainImage, ...]
    params: TrainParams
    sample_prompts: tuple[str, ...]
    sample_negative: str
    workdir: Path
    resume: Path | None = None
    start: Start | None = None
    device: str = ""


class LoraTrainer(Protocol):
    """Trains one LoRA in a child process.

    Yields Progress(phase: loading | caching | training | sampling | saving), Metric per step, Sample, Checkpoint; the last
    Checkpoint has final=True, its file loads and is finite. The last event is an Output with n=0, path = the final LoRA and
    meta = {"steps", "loss_first", "loss_last", "loss_over"}: the loss at first and in the end, and over what these means are
    taken, in words ("32 fixed draws", "the first and the last 32 steps"). A trainer that saw no loss leaves all three out.
    Raises Rejected when the loss is not finite or `start` does not fit, OutOfMemory, EngineUnavailable.
    """

    name: str

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]: ...

    def left(self, workdir: Path) -> Checkpoint | None:
        """The newest checkpoint in `workdir` after `run` was closed: what an orderly stop wrote and no event told."""
        ...

    def models(self) -> list[ModelCard]: ...

    def status(self, device: str = "") -> EngineStatus: ...


def uses_masks(trainer: LoraTrainer) -> bool:
    """Whether it weighs the loss by `TrainImage.mask`. One that does says so: `masks = True` beside its `name`."""
    return bool(getattr(trainer, "masks", False))


def fitted(trainer: LoraTrainer, base: str, vram_mb: int) -> Preset | None:
    """What it trades for memory on a card of `vram_mb` (0: a processor); None: nothing, whatever the card."""
    chosen = getattr(trainer, "preset", None)
    found: Preset | None = chosen(base, vram_mb) if chosen else None
    return found
