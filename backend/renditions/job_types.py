"""Kinds of jobs of renditions."""

from __future__ import annotations

from backend.jobs import JobType, register
from backend.language import tr_lazy
from backend.renditions.schemas import MediaPayload

register(
    JobType(
        "media-preparation",
        "cpu",
        MediaPayload,
        "backend.renditions.pipeline:run",
        tr_lazy("Posts"),
        deadline_setting="jobs.deadline_video_s",
        stall_s=300.0,
    ),
)
