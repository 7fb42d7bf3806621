"""Kinds of jobs of publishing."""

from __future__ import annotations

from backend.jobs import JobType, register
from backend.publishing.schemas import AutopostPayload

register(
    JobType(
        "autopost",
        "net",
        AutopostPayload,
        "backend.publishing.pipeline:run",
        "Publishing",
        stall_s=300.0,
        deadline_setting="job_deadline_publishing_s",
        limit_setting="queue_concurrency_publishing",
    ),
)
