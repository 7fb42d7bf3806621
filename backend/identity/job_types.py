"""Kinds of jobs of identity."""

from __future__ import annotations

from backend.identity.schemas import CalibrationPayload, ScoringPayload
from backend.jobs import JobType, register
from backend.language import tr_lazy

register(
    JobType(
        "identity-calibration",
        "cpu",
        CalibrationPayload,
        "backend.identity.pipeline:calibrate",
        tr_lazy("Identity"),
        stall_s=300.0,
    ),
    JobType(
        "identity-scoring",
        "cpu",
        ScoringPayload,
        "backend.identity.pipeline:score_missing",
        tr_lazy("Identity"),
        deadline_setting="jobs.deadline_ingest_s",
        stall_s=300.0,
    ),
)
