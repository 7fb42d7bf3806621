"""Kinds of jobs of training."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import training
from backend.app import App
from backend.jobs import TRAINING_PRIORITY, JobRequestType, JobType, register
from backend.language import tr_lazy
from backend.training import RunDraft
from backend.training.schemas import TrainingPayload


def _start_training(app: App, tx: Session, draft: RunDraft, key: str) -> str:
    models, max_images = app.engines.trainer.models(), app.settings.uploads.max_dataset_images
    return training.start(tx, draft=draft, models=models, request_key=key, max_images=max_images).job_id


register(
    JobType(
        "lora-training",
        "gpu",
        TrainingPayload,
        "backend.training.pipeline:run",
        tr_lazy("Training"),
        stall_s=900.0,
        max_retries=1,
        device="trainer",
        deadline_setting="jobs.deadline_training_s",
        limit_setting="jobs.concurrency_training",
        priority=TRAINING_PRIORITY,
        requests=(
            JobRequestType(
                "lora-training",
                "loras:write",
                RunDraft,
                _start_training,
                {"datasetId": "ds_…", "name": "bella-v1", "preset": "quick"},
            ),
        ),
    ),
)
