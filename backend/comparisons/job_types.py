"""Kinds of jobs of comparisons."""

from __future__ import annotations

from backend.comparisons.schemas import ComparisonPayload
from backend.jobs import JobType, register

register(
    JobType(
        "lora-trial",
        "gpu",
        ComparisonPayload,
        "backend.comparisons.pipeline:run",
        "Comparisons",
        stall_s=300.0,
        device="image",
        deadline_setting="jobs.deadline_training_s",
        limit_setting="jobs.concurrency_content",
    ),
    JobType("trial-scores", "cpu", ComparisonPayload, "backend.comparisons.pipeline:run_scores", "Comparisons", stall_s=300.0),
    JobType("trial-grid", "cpu", ComparisonPayload, "backend.comparisons.pipeline:run_grid", "Comparisons", stall_s=300.0),
)
