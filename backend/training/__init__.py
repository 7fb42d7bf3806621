"""Pictures in, LoRA out: presets, runs, curves, samples, checkpoints; what a run needs and when it starts."""

from backend.training.continuation import FIXED, continued_by
from backend.training.dataset_lock import free_datasets
from backend.training.estimate import estimate, outlook
from backend.training.forecast import at_wall, tonight
from backend.training.queries import checkpoints, curves, get, get_many, page, points, samples, samples_of
from backend.training.rules import (
    PARAMETERS,
    PRESETS,
    differences,
    epochs_for_steps,
    next_version,
    recommend,
    steps_for_epochs,
    with_overrides,
)
from backend.training.schemas import (
    CheckpointCard,
    Estimate,
    Outlook,
    ParamRow,
    ParamsDraft,
    Point,
    Preset,
    RunCard,
    RunDraft,
    RunPage,
    SampleCard,
    TrainingPayload,
)
from backend.training.service import cancel, choose_model, promote, schedule, set_notes, start

__all__ = [
    "FIXED", "PARAMETERS", "PRESETS", "CheckpointCard", "Estimate", "Outlook", "ParamRow", "ParamsDraft", "Point", "Preset",
    "RunCard", "RunDraft", "RunPage", "SampleCard", "TrainingPayload", "at_wall", "cancel", "checkpoints", "choose_model",
    "continued_by", "curves", "differences", "epochs_for_steps", "estimate", "free_datasets", "get", "get_many", "next_version",
    "outlook", "page", "points", "promote", "recommend", "samples", "samples_of", "schedule", "set_notes", "start",
    "steps_for_epochs", "tonight", "with_overrides",
]  # fmt: skip
