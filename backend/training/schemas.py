"""What goes into and comes out of the training door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from backend.engines.trainer.port import TrainParams
from backend.kit.drafts import Draft

Prompt = Annotated[str, Field(min_length=1, max_length=500)]


class ParamsDraft(Draft):
    """The advanced parameters, kohya's words. None: as the preset recommends. `epochs` is another way to say `steps`."""

    steps: int | None = Field(None, ge=1, le=50_000)
    epochs: int | None = Field(None, ge=1, le=1_000)
    batch: int | None = Field(None, ge=1, le=32)
    resolution: int | None = Field(None, ge=64, le=2048, multiple_of=8)
    network_dim: int | None = Field(None, ge=1, le=256)
    network_alpha: float | None = Field(None, gt=0, le=256)
    unet_lr: float | None = Field(None, gt=0, le=0.1)
    text_encoder_lr: float | None = Field(None, ge=0, le=0.1)
    scheduler: Literal["constant", "cosine", "linear"] | None = None
    warmup_steps: int | None = Field(None, ge=0, le=10_000)
    repeats: int | None = Field(None, ge=1, le=1_000)
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    save_every: int | None = Field(None, ge=1, le=50_000)
    sample_every: int | None = Field(None, ge=0, le=50_000, description="0: draw no samples")
    caption_dropout: float | None = Field(None, ge=0, le=0.9)
    train_convolutions: bool | None = None
    flip: bool | None = None
    min_snr_gamma: float | None = Field(None, ge=0, le=20)


class RunDraft(Draft):
    """One run. Empty `model`: the trainer's first one; empty `name`: made from the dataset's; no sample prompts: proposed."""

    dataset_id: str
    name: str = Field("", max_length=80)
    influencer_id: str | None = None
    model: str = ""
    preset: str = "quick"
    params: ParamsDraft = ParamsDraft()
    sample_prompts: Annotated[tuple[Prompt, ...], Field(max_length=4)] = ()
    notes: str = Field("", max_length=2000)

    @field_validator("preset")
    @classmethod
    def _preset(cls, preset: str) -> str:
        if preset not in ("quick", "character", "style"):
            raise ValueError("Choose one of the presets: quick trial, character or style.")
        return preset


class TrainingPayload(BaseModel):
    """Of a `lora-training` job."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run as pages see it. `state`, `error_message` are its job's; losses are means over 32 fixed draws, None until known."""

    id: str
    name: str
    dataset_id: str
    dataset_name: str
    influencer_id: str | None
    job_id: str
    model: str
    preset: str
    params: TrainParams
    image_count: int
    sample_prompts: tuple[str, ...]
    trigger_word: str
    loss_first: float | None
    loss_last: float | None
    lora_id: str | None
    notes: str
    created_at: datetime
    state: str
    error_message: str | None


@dataclass(frozen=True, slots=True)
class RunPage:
    cards: list[RunCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Point:
    """One optimizer step: `loss` raw, `lr` as used."""

    step: int
    loss: float
    lr: float


@dataclass(frozen=True, slots=True)
class SampleCard:
    step: int
    n: int
    prompt: str
    asset_id: str


@dataclass(frozen=True, slots=True)
class CheckpointCard:
    """`lora_ids`: entries of the library made from it."""

    step: int
    asset_id: str
    final: bool
    size_bytes: int
    lora_ids: tuple[str, ...]
    created_at: datetime
