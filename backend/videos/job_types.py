"""Kinds of jobs of videos."""

from __future__ import annotations

from backend.jobs import JobType, Limits, register
from backend.videos.schemas import VideoPayload

_LIMITS: Limits = {"deadline_setting": "job_deadline_video_s", "stall_s": 300.0}

register(
    JobType(
        "video-generation",
        "cpu",
        VideoPayload,
        "backend.videos.pipeline:run",
        "Videos",
        limit_setting="queue_concurrency_video",
        **_LIMITS,
    ),
    JobType(
        "video-generation-gpu",
        "gpu",
        VideoPayload,
        "backend.videos.pipeline:run",
        "Videos",
        limit_setting="queue_concurrency_content",
        device="image",
        **_LIMITS,
    ),
)
