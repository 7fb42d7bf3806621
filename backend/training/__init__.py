"""Pictures in, LoRA out: presets, runs, curves, samples, checkpoints; what a run needs and when it starts."""

from backend.training.continuation import FIXED_PARAMETERS, continuations
from backend.training.dataset_lock import unlock_datasets
from backend.training.estimate import estimate, forecast_start
from backend.training.forecast import local_to_utc, next_local_time
from backend.training.queries import checkpoints, curves, get, get_many, page, points, samples, samples_by_run
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
    LossPoint,
    ParamRow,
    ParamsDraft,
    RunCard,
    RunDraft,
    RunPage,
    SampleCard,
    StartForecast,
    TrainingCheckpointCard,
    TrainingEstimate,
    TrainingPayload,
    TrainingPreset,
)
from backend.training.service import cancel, choose_model, promote, schedule, set_notes, start

__all__ = [
    "FIXED_PARAMETERS",
    "PARAMETERS",
    "PRESETS",
    "LossPoint",
    "ParamRow",
    "ParamsDraft",
    "RunCard",
    "RunDraft",
    "RunPage",
    "SampleCard",
    "StartForecast",
    "TrainingCheckpointCard",
    "TrainingEstimate",
    "TrainingPayload",
    "TrainingPreset",
    "cancel",
    "checkpoints",
    "choose_model",
    "continuations",
    "curves",
    "differences",
    "epochs_for_steps",
    "estimate",
    "forecast_start",
    "get",
    "get_many",
    "local_to_utc",
    "next_local_time",
    "next_version",
    "page",
    "points",
    "promote",
    "recommend",
    "samples",
    "samples_by_run",
    "schedule",
    "set_notes",
    "start",
    "steps_for_epochs",
    "unlock_datasets",
    "with_overrides",
]
