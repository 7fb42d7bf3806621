"""Kinds of jobs of voices."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import consents, jobs, voices
from backend.app import App
from backend.jobs import JobRequestType, JobType, register
from backend.language import tr_lazy
from backend.voices.schemas import (
    CLONE_KIND,
    REMOVAL_KIND,
    CloneDraft,
    ClonePayload,
    PreviewDraft,
    PreviewPayload,
    RemovalPayload,
)


def _start_preview(app: App, tx: Session, draft: PreviewDraft, key: str) -> str:
    return voices.start_preview(tx, draft, request_key=key).id


def _start_clone(app: App, tx: Session, draft: CloneDraft, key: str) -> str:
    return voices.start_clone(tx, app.engines.speech, draft, request_key=key).id


def _delete_left_behind(tx: Session, consent_id: str) -> None:
    voices.delete_left_behind(tx, consent_id)


consents.on_revoke("voice", voices.withdraw)
jobs.on_cancel(CLONE_KIND, _delete_left_behind)
register(
    JobType(
        "voice-preview",
        "cpu",
        PreviewPayload,
        "backend.voices.pipeline:run_preview",
        tr_lazy("Voices"),
        requests=(
            JobRequestType(
                "voice-preview",
                "influencers:write",
                PreviewDraft,
                _start_preview,
                {"voiceId": "voi_…", "text": "Hello, it is me.", "speed": 1.0},
            ),
        ),
    ),
)
register(
    JobType(
        CLONE_KIND,
        "cpu",
        ClonePayload,
        "backend.voices.pipeline:run_clone",
        tr_lazy("Voices"),
        requests=(
            JobRequestType(
                CLONE_KIND,
                "influencers:write",
                CloneDraft,
                _start_clone,
                {"consentId": "con_…", "engine": "elevenlabs", "title": "Anna"},
            ),
        ),
    ),
)
register(
    JobType(REMOVAL_KIND, "cpu", RemovalPayload, "backend.voices.pipeline:run_removal", tr_lazy("Voices"), v=2, max_retries=30)
)
