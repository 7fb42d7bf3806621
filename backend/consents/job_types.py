"""Kinds of jobs of consents."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import consents
from backend.app import App
from backend.consents.schemas import CHECK_KIND, RecordingDraft, RecordingPayload
from backend.jobs import JobRequestType, JobType, register
from backend.language import tr_lazy


def _start_check(app: App, tx: Session, draft: RecordingDraft, key: str) -> str:
    return str(consents.record(tx, draft, request_key=key).job_id)


register(
    JobType(
        CHECK_KIND,
        "cpu",
        RecordingPayload,
        "backend.consents.pipeline:run_check",
        tr_lazy("Voices"),
        limit_setting="jobs.concurrency_ingest",
        requests=(
            JobRequestType(
                CHECK_KIND,
                "influencers:write",
                RecordingDraft,
                _start_check,
                {"consentId": "con_…", "uploadId": "up_…"},
            ),
        ),
    )
)
