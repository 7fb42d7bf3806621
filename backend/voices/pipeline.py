"""The job that speaks a text to listen to."""

from __future__ import annotations

from typing import Any

from backend import voices
from backend.jobs.context import JobContext
from backend.voices.schemas import PreviewPayload


def run_preview(ctx: JobContext, payload: PreviewPayload) -> dict[str, Any]:
    """Result: {assetId, s3Key, durationS, timingSource, words: [[text, start_s, end_s]]}."""
    spoken = voices.speak(ctx, payload.voice_id, payload.text, speed=payload.speed)
    return {
        "assetId": spoken.asset_id,
        "s3Key": spoken.s3_key,
        "durationS": round(spoken.duration_s, 3),
        "timingSource": spoken.timing_source,
        "words": [[word.text, word.start_s, word.end_s] for word in spoken.words],
    }
