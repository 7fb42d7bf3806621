"""The job that takes the recording of a statement: checked in a child, written anew, compared with the statement, stored."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import NewFile, uploads
from backend.consents import queries, rules
from backend.consents.schemas import MAX_SECONDS, MIN_SECONDS, NOUN, ConsentCard, RecordingPayload, TranscriptCheck
from backend.db.tables import Consent
from backend.errors import Cancelled, EngineError, Rejected
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media.audio import sound_file


@dataclass(frozen=True, slots=True)
class _Recording:
    """`match` None: there was no recogniser."""

    asset_id: str
    uploaded: assets.UploadedFile
    transcript: str
    match: float | None
    check: TranscriptCheck


def run_check(ctx: JobContext, payload: RecordingPayload) -> dict[str, Any]:
    """Result: {consentId, assetId, s3Key, transcriptCheck, match}. Raises Rejected with what is wrong with the recording."""
    return ctx.write_step("recording", lambda: _store(ctx, payload), lambda tx, stored: _write(tx, payload, stored)) or {}


def _store(ctx: JobContext, payload: RecordingPayload) -> _Recording:
    with ctx.transaction() as tx:
        upload, consent = uploads.get(tx, payload.upload_id), queries.get(tx, payload.consent_id)
        words = tx.get_one(Consent, consent.id).words
    source, wav = ctx.workdir / f"source{PurePosixPath(upload.filename).suffix[:8]}", ctx.workdir / "consent.wav"
    ctx.progress(0, 0, tr_lazy("fetching the recording"))
    ctx.app.storage.get_file(upload.key, source)
    ctx.progress(0, 0, tr_lazy("checking the sound"))
    info = run_steps(ctx, sound_file.check(source, max_seconds=MAX_SECONDS))
    if info.seconds < MIN_SECONDS:
        raise Rejected(
            tr_lazy("This is shorter than {min_seconds:.0f} seconds. Read the whole statement.", min_seconds=MIN_SECONDS)
        )
    run_steps(ctx, sound_file.write_voice_wav(source, info.format, wav, settings=ctx.app.settings))
    transcript = _transcript(ctx, consent, wav)
    share, fits = rules.match(consent.statement, words, transcript) if transcript is not None else (None, True)
    check: TranscriptCheck = "unchecked" if transcript is None else "matched" if fits else "differs"
    key = assets.key_for("audio", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    meta = {"duration_s": info.seconds}
    file = NewFile(
        wav, "audio", key, "audio/wav", f"Consent of {consent.subject_name}.wav", meta=meta, uses=[(NOUN, consent.id)]
    )
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return _Recording(asset_id, assets.upload_file(ctx.app.storage, file), transcript or "", share, check)


def _transcript(ctx: JobContext, consent: ConsentCard, wav: Path) -> str | None:
    """What a recogniser heard; None where there is none for the language, or it does not work."""
    transcriber = ctx.app.engines.transcriber
    if consent.language not in transcriber.languages:
        return None
    text: str | None = None

    def steps() -> Generator[Any, None, None]:
        nonlocal text
        for event in transcriber.run(wav):
            if isinstance(event, str):
                text = event
            else:
                yield event

    try:
        for _ in ctx.pump(steps()):
            pass
    except EngineError as error:
        ctx.log(tr_lazy("The recording is not compared with the statement: {reason}", reason=error.message), level="warning")
        return None
    return text


def _write(tx: Session, payload: RecordingPayload, recording: _Recording) -> dict[str, Any]:
    row = tx.get_one(Consent, payload.consent_id, with_for_update=True, populate_existing=True)
    if row.revoked_at:  # what was sent is never confirmed: the sweep deletes it
        raise Cancelled(tr_lazy("The consent was revoked while its recording was checked."))
    [card] = assets.confirm(tx, {recording.asset_id: recording.uploaded})
    if row.asset_id:  # an earlier recording, which did not fit
        assets.delete(tx, [row.asset_id], force=True)
    row.asset_id, row.transcript, row.match = recording.asset_id, recording.transcript[:4000], recording.match
    row.transcript_check, row.recorded_at = recording.check, func.clock_timestamp()
    tx.flush()
    return {"consentId": row.id, **card.names, "transcriptCheck": recording.check, "match": recording.match}
