"""Kinds of jobs of training."""

from __future__ import annotations

from backend.jobs import JobType, register
from backend.training.schemas import TrainingPayload

register(
    JobType(
        "lora-training",
        "gpu",
        TrainingPayload,
        "backend.training.pipeline:run",
        "Training",
        stall_s=900.0,
        max_retries=1,
        device="trainer",
        deadline_setting="job_deadline_training_s",
        limit_setting="queue_concurrency_training",
    ),
)
