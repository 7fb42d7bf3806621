"""Kinds of jobs of writing styles."""

from __future__ import annotations

from backend.jobs import JobType, register
from backend.language import tr_lazy
from backend.writing_styles.schemas import StyleTrainingPayload, StyleWritingPayload

register(
    JobType(
        "style-training",
        "cpu",
        StyleTrainingPayload,
        "backend.writing_styles.pipeline:train",
        tr_lazy("Writing styles"),
        stall_s=300.0,
        limit_setting="jobs.concurrency_ingest",
    ),
    JobType(
        "style-generation",
        "net",
        StyleWritingPayload,
        "backend.writing_styles.pipeline:write",
        tr_lazy("Writing styles"),
        stall_s=300.0,
        limit_setting="jobs.concurrency_style_texts",
    ),
)
