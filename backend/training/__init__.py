"""Pictures in, LoRA out: presets, runs, curves, samples, checkpoints."""

from backend.training.queries import checkpoints, get, page, points, samples
from backend.training.rules import PRESETS, epochs_for_steps, recommend, steps_for_epochs, with_overrides
from backend.training.schemas import (
    CheckpointCard,
    ParamsDraft,
    Point,
    Preset,
    RunCard,
    RunDraft,
    RunPage,
    SampleCard,
    TrainingPayload,
)
from backend.training.service import cancel, choose_model, free_datasets, promote, start

__all__ = [
    "PRESETS",
    "CheckpointCard",
    "ParamsDraft",
    "Point",
    "Preset",
    "RunCard",
    "RunDraft",
    "RunPage",
    "SampleCard",
    "TrainingPayload",
    "cancel",
    "checkpoints",
    "choose_model",
    "epochs_for_steps",
    "free_datasets",
    "get",
    "page",
    "points",
    "promote",
    "recommend",
    "samples",
    "start",
    "steps_for_epochs",
    "with_overrides",
]
