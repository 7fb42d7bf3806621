"""Kinds of jobs of comparisons."""

from __future__ import annotations

from backend.comparisons.schemas import ComparisonPayload
from backend.jobs import JobType, register
from backend.language import tr_lazy

register(
    JobType(
        "lora-trial",
        "gpu",
        ComparisonPayload,
        "backend.comparisons.pipeline:run",
        tr_lazy("Comparisons"),
        stall_s=300.0,
        device="image",
        deadline_setting="jobs.deadline_training_s",
        limit_setting="jobs.concurrency_content",
    ),
    JobType(
        "trial-scores",
        "cpu",
        ComparisonPayload,
        "backend.comparisons.pipeline:run_scores",
        tr_lazy("Comparisons"),
        stall_s=300.0,
    ),
    JobType(
        "trial-grid", "cpu", ComparisonPayload, "backend.comparisons.pipeline:run_grid", tr_lazy("Comparisons"), stall_s=300.0
    ),
)
