"""Kinds of jobs of datasets."""

from __future__ import annotations

from backend.datasets.caption_cards import CaptionPayload
from backend.datasets.schemas import IngestPayload, ScanPayload
from backend.jobs import JobType, Limits, register

_LIMITS: Limits = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0}
_ON_PROCESSOR: Limits = {**_LIMITS, "limit_setting": "queue_concurrency_ingest"}

register(
    JobType("dataset-ingest", "cpu", IngestPayload, "backend.datasets.pipeline:run", "Dataset checks", **_ON_PROCESSOR),
    JobType("dataset-scan", "cpu", ScanPayload, "backend.datasets.pipeline:scan", "Dataset checks", **_ON_PROCESSOR),
    JobType("auto-caption", "net", CaptionPayload, "backend.datasets.pipeline:caption", "Captions", **_LIMITS),
    JobType("auto-caption-local", "cpu", CaptionPayload, "backend.datasets.pipeline:caption", "Captions", **_ON_PROCESSOR),
)
