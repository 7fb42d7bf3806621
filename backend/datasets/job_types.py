"""Kinds of jobs of datasets."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import datasets
from backend.app import App
from backend.datasets import CaptionOrder
from backend.datasets.caption_cards import CaptionPayload
from backend.datasets.schemas import IngestOrder, IngestPayload, ScanPayload
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_ingest_s", "stall_s": 300.0}
_ON_PROCESSOR: Limits = {**_LIMITS, "limit_setting": "jobs.concurrency_ingest"}


def _start_ingest(app: App, tx: Session, order: IngestOrder, key: str) -> str:
    return datasets.ingest(tx, order.dataset_id, request_key=key).id


def _start_captioning(app: App, tx: Session, order: CaptionOrder, key: str) -> str:
    return datasets.start_captioning(tx, order, captioners=app.engines.captioners, request_key=key).id


register(
    JobType(
        "dataset-ingest",
        "cpu",
        IngestPayload,
        "backend.datasets.pipeline:run",
        tr_lazy("Dataset checks"),
        **_ON_PROCESSOR,
        requests=(JobRequestType("dataset-ingest", "datasets:write", IngestOrder, _start_ingest, {"datasetId": "ds_…"}),),
    ),
    JobType("dataset-scan", "cpu", ScanPayload, "backend.datasets.pipeline:scan", tr_lazy("Dataset checks"), **_ON_PROCESSOR),
    JobType(
        "auto-caption",
        "net",
        CaptionPayload,
        "backend.datasets.pipeline:caption",
        tr_lazy("Captions"),
        **_LIMITS,
        requests=(
            JobRequestType(
                "auto-caption",
                "datasets:write",
                CaptionOrder,
                _start_captioning,
                {"datasetId": "ds_…", "replace": "machine", "drop": ["stunning"]},
                datasets.estimate_captioning,
            ),
        ),
    ),
    JobType(
        "auto-caption-local",
        "cpu",
        CaptionPayload,
        "backend.datasets.pipeline:caption",
        tr_lazy("Captions"),
        **_ON_PROCESSOR,
        same_as="auto-caption",
    ),
)
