"""Kinds of jobs of voices."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import voices
from backend.app import App
from backend.jobs import JobRequestType, JobType, register
from backend.voices.schemas import PreviewDraft, PreviewPayload


def _start_preview(app: App, tx: Session, draft: PreviewDraft, key: str) -> str:
    return voices.start_preview(tx, draft, request_key=key).id


register(
    JobType(
        "voice-preview",
        "cpu",
        PreviewPayload,
        "backend.voices.pipeline:run_preview",
        "Voices",
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
