"""Kinds of jobs of identity."""

from __future__ import annotations

from backend.identity.schemas import CalibrationPayload, ScoringPayload
from backend.jobs import JobType, register

register(
    JobType(
        "identity-calibration", "cpu", CalibrationPayload, "backend.identity.pipeline:calibrate", "Identity", stall_s=300.0
    ),
    JobType(
        "identity-scoring",
        "cpu",
        ScoringPayload,
        "backend.identity.pipeline:score_missing",
        "Identity",
        deadline_setting="jobs.deadline_ingest_s",
        stall_s=300.0,
    ),
)
