"""Kinds of jobs of renditions."""

from __future__ import annotations

from backend.jobs import JobType, register
from backend.renditions.schemas import MediaPayload

register(
    JobType(
        "media-preparation",
        "cpu",
        MediaPayload,
        "backend.renditions.pipeline:run",
        "Publishing",
        deadline_setting="jobs.deadline_video_s",
        stall_s=300.0,
    ),
)
