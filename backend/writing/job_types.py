"""Kinds of jobs of writing."""

from __future__ import annotations

from backend.jobs import JobType, Limits, register
from backend.writing.schemas import IdeasPayload, WriteOrder

_LIMITS: Limits = {"stall_s": 300.0, "limit_setting": "queue_concurrency_writing"}

register(
    JobType("content-generation", "net", WriteOrder, "backend.writing.pipeline:run_content", "Writing", **_LIMITS),
    JobType("content-ideas", "net", IdeasPayload, "backend.writing.pipeline:run_ideas", "Writing", **_LIMITS),
)
