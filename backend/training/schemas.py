"""What goes into and comes out of the training door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, field_validator, model_validator

from backend.engines.ports.trainer import TrainParams
from backend.kit.drafts import Draft
from backend.language import tr_lazy

Prompt = Annotated[str, Field(min_length=1, max_length=500)]


class ParamsDraft(Draft):
    """The advanced parameters, named as in kohya. None: as the preset recommends. `epochs` is an alternative to `steps`;
    `resolution` may be a pair, as kohya's [512, 768]: then its second number is `resolution_height`."""

    steps: int | None = Field(None, ge=1, le=50_000)
    epochs: int | None = Field(None, ge=1, le=1_000)
    batch: int | None = Field(None, ge=1, le=32)
    resolution: int | None = Field(None, ge=64, le=2048, multiple_of=8)
    resolution_height: int | None = Field(None, ge=0, le=2048, multiple_of=8, description="0: as resolution")
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
    prior_weight: float | None = Field(
        None, ge=0, le=5, description="of what the model alone draws for other captions, learned beside the pictures; 0: off"
    )

    @model_validator(mode="before")
    @classmethod
    def _split_pair(cls, values: Any) -> Any:
        pair = values.get("resolution") if isinstance(values, dict) else None
        if isinstance(pair, list | tuple) and len(pair) == 2:
            return values | {"resolution": pair[0], "resolution_height": pair[1]}
        return values


class RunDraft(Draft):
    """One run. Empty `model`: the trainer's first one; empty `name`: made from the dataset's; no sample prompts: proposed.

    `copied_from_run_id`: the run that this one repeats with changes. `continued_from_*`: the checkpoint whose weights it starts
    with. `pictures`: current, those of the dataset now, or snapshot, those of the copied or continued run.
    `not_before`: starts no earlier (aware); None or past: as soon as it is its turn.
    """

    dataset_id: str
    name: str = Field("", max_length=80)
    influencer_id: str | None = None
    model: str = ""
    preset: str = "quick"
    params: ParamsDraft = ParamsDraft()
    sample_prompts: Annotated[tuple[Prompt, ...], Field(max_length=4)] = ()
    notes: str = Field("", max_length=2000)
    copied_from_run_id: str | None = None
    continued_from_run_id: str | None = None
    continued_from_step: int | None = Field(None, ge=1)
    pictures: Literal["current", "snapshot"] = "current"
    not_before: AwareDatetime | None = None

    @model_validator(mode="after")
    def _whole(self) -> RunDraft:
        if (self.continued_from_run_id is None) != (self.continued_from_step is None):
            raise ValueError(tr_lazy("Give both the run and the version to continue from."))
        if self.pictures == "snapshot" and not self.source_run_id:
            raise ValueError(tr_lazy("Choose the run whose pictures to train on again."))
        return self

    @property
    def source_run_id(self) -> str | None:
        """The earlier run that this one continues or repeats."""
        return self.continued_from_run_id or self.copied_from_run_id

    @field_validator("preset")
    @classmethod
    def _preset(cls, preset: str) -> str:
        if preset not in ("quick", "character", "style"):
            raise ValueError(tr_lazy("Choose one of the presets: quick trial, character or style."))
        return preset


class NotesDraft(Draft):
    notes: str = Field("", max_length=2000)


class TrainingPayload(BaseModel):
    """Of a `lora-training` job."""

    run_id: str


@dataclass(frozen=True, slots=True)
class TrainingPreset:
    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run as pages see it. `state`, `error_message` are its job's; losses are means over 32 fixed draws, None until known.

    `base`: family of `model`. `steps_before`: how many steps its first weights were trained for before. `not_before`: it waits
    until then; None once that time has come.
    """

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
    copied_from_run_id: str | None = None
    continued_from_run_id: str | None = None
    continued_from_step: int | None = None
    steps_before: int = 0
    not_before: datetime | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class RunPage:
    cards: list[RunCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class LossPoint:
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
class TrainingCheckpointCard:
    """`lora_ids`: LoRAs of the library made from it. `has_state`: its optimizer state is stored, for continuing from it."""

    step: int
    asset_id: str
    final: bool
    size_bytes: int
    lora_ids: tuple[str, ...]
    created_at: datetime
    has_state: bool = False


@dataclass(frozen=True, slots=True)
class ParamRow:
    """One parameter of several runs, with the value of each run, in their order."""

    name: str
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Peak memory of the training process in MB. `rough`: computed, not measured."""

    mb: int
    rough: bool


@dataclass(frozen=True, slots=True)
class RunSpeed:
    """Speed of a finished run: seconds a step including samples and saves, and seconds before and after the steps."""

    per_step_s: float
    around_s: float


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """Estimated time of a run; `around_s` of the seconds go into loading and saving. `runs`: how many finished runs it is the
    median of; 0: estimated from the bundled model on another machine and how fast this machine did other work.
    """

    seconds: float
    runs: int
    around_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """What a run needs; None: not known. `vram_mb`, `card`: memory and name of the smallest device that trains (0: a
    processor, or unknown). `fits`: whether it has enough memory. `made_to_fit`: title of the trainer's memory-saving preset
    there, or "".
    """

    memory: MemoryEstimate | None
    time: TimeEstimate | None
    vram_mb: int
    card: str
    fits: bool
    made_to_fit: str = ""


@dataclass(frozen=True, slots=True)
class StartForecast:
    """When a run will start. `ahead`: how many jobs of this workspace come first. `starts_at`, `ends_at`: None when unknown;
    then `why` is a sentence that says why."""

    ahead: int
    starts_at: datetime | None
    ends_at: datetime | None
    why: str = ""
