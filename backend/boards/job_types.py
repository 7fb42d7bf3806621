"""Kinds of jobs of boards."""

from __future__ import annotations

from backend.boards.schemas import ArchivePayload, ImportPayload
from backend.jobs import JobType, Limits, register

_LIMITS: Limits = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0}

register(
    JobType("picture-archive", "cpu", ArchivePayload, "backend.boards.pipeline:run_archive", "Gallery", **_LIMITS),
    JobType("picture-import", "cpu", ImportPayload, "backend.boards.pipeline:run_import", "Gallery", **_LIMITS),
)
