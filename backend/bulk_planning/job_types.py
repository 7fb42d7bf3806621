"""Kinds of jobs of bulk planning."""

from __future__ import annotations

from backend.bulk_planning.schemas import PicturePayload, SeriesPayload
from backend.jobs import JobType, Limits, register

_LIMITS: Limits = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0}

register(
    JobType(
        "content-plan",
        "net",
        SeriesPayload,
        "backend.bulk_planning.pipeline:run_series",
        "Plans of posts",
        limit_setting="queue_concurrency_writing",
        **_LIMITS,
    ),
    JobType(
        "content-plan-picture", "net", PicturePayload, "backend.bulk_planning.pipeline:run_picture", "Plans of posts", **_LIMITS
    ),
)
