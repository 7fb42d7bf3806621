"""Kinds of jobs of music."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import music
from backend.app import App
from backend.jobs import JobRequestType, JobType, register
from backend.language import tr_lazy
from backend.music.schemas import IMPORT_KIND, NewTrack, TrackPayload


def _start_import(app: App, tx: Session, draft: NewTrack, key: str) -> str:
    return str(music.add(tx, draft, request_key=key).job_id)


register(
    JobType(
        IMPORT_KIND,
        "cpu",
        TrackPayload,
        "backend.music.pipeline:run_import",
        tr_lazy("Music"),
        deadline_setting="jobs.deadline_ingest_s",
        limit_setting="jobs.concurrency_ingest",
        stall_s=300.0,
        requests=(
            JobRequestType(
                IMPORT_KIND,
                "videos:write",
                NewTrack,
                _start_import,
                {"uploadId": "up_…", "title": "Sunrise", "licence": "CC0-1.0", "source": "https://example.org/sunrise"},
            ),
        ),
    )
)
