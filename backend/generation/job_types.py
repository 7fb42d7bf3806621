"""Kinds of jobs of generation."""

from __future__ import annotations

from backend.generation.schemas import GenerationPayload
from backend.jobs import JobType, register

register(
    JobType(
        "image-generation",
        "gpu",
        GenerationPayload,
        "backend.generation.pipeline:run",
        "Pictures",
        stall_s=300.0,
        limit_setting="queue_concurrency_content",
        device="image",
    ),
    JobType(
        "image-upscale",
        "cpu",
        GenerationPayload,
        "backend.generation.pipeline:upscale",
        "Pictures",
        stall_s=300.0,
        limit_setting="queue_concurrency_ingest",
    ),
    JobType(
        "image-upscale-gpu",
        "gpu",
        GenerationPayload,
        "backend.generation.pipeline:upscale",
        "Pictures",
        stall_s=300.0,
        limit_setting="queue_concurrency_content",
        device="image",
    ),
    JobType("image-sheet", "cpu", GenerationPayload, "backend.generation.pipeline:sheet", "Pictures", stall_s=300.0),
)
