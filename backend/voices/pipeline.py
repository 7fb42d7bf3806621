"""The jobs that speak a text to listen to, copy a voice, and delete a copy."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, consents, events, voices
from backend.db.tables import Voice
from backend.engines.ports.events import Event
from backend.engines.ports.speech import SpeechVoice, VoiceCloner
from backend.errors import EngineError, Unsupported
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.voices import cloned
from backend.voices.schemas import CLONE_STEP, ClonePayload, PreviewPayload, RemovalPayload


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


def run_clone(ctx: JobContext, payload: ClonePayload) -> dict[str, Any]:
    """Result: {voiceId}. The consent is looked at before anything is sent, and again when the copy is there: a copy whose
    consent ended meanwhile is deleted, also one that an attempt made which did not live to write it down. What a cancelled or
    failed job may leave at its engine is deleted by a job of its own (`voices.delete_left_behind`).

    Raises ConsentEnded, Unsupported, Unavailable, and what the engine raises.
    """
    engine = _cloner(ctx, payload.engine)
    with ctx.transaction() as tx:
        cloned.require_no_removal(tx, ctx.job_id)
    try:
        copied = ctx.write_step(CLONE_STEP, lambda: _copy(ctx, engine, payload), lambda tx, copy: _write(tx, payload, copy))
    except consents.ConsentEnded:
        engine.forget_marked(ctx.job_id)
        raise
    return copied or {}


def run_removal(ctx: JobContext, payload: RemovalPayload) -> dict[str, Any]:
    """Deletes a copied voice where its engine has it; tried again until it is gone. Result: {voiceId}; of what a job that
    copies a voice may have left, unless it was tried again meanwhile: {cloneJobId, deleted}."""
    if payload.clone_job_id:
        return _remove_left_behind(ctx, payload)
    with ctx.transaction() as tx:
        voice = voices.get(tx, payload.voice_id)
    _cloner(ctx, voice.engine).forget(voice.engine_voice)
    with ctx.transaction() as tx:
        events.record(tx, "voice.removed_at_engine", "voice", voice.id, {"engine": voice.engine})
    return {"voiceId": voice.id}


def _remove_left_behind(ctx: JobContext, payload: RemovalPayload) -> dict[str, Any]:
    with ctx.transaction() as tx:
        left_behind = cloned.left_behind_by(tx, payload.clone_job_id)
    if left_behind:
        _cloner(ctx, payload.engine).forget_marked(payload.clone_job_id)
    return {"cloneJobId": payload.clone_job_id, "deleted": left_behind}


def _cloner(ctx: JobContext, name: str) -> VoiceCloner:
    engine = ctx.app.engines.speech.get(name)
    if not isinstance(engine, VoiceCloner):
        raise Unsupported(
            tr_lazy("{name} is not set up here any more. Set it up again, then try this job again.", name=repr(name))
        )
    return engine


def _copy(ctx: JobContext, engine: VoiceCloner, payload: ClonePayload) -> SpeechVoice:
    with ctx.transaction() as tx:
        consent = consents.check_usable(tx, payload.consent_id)
        recording = assets.get(tx, str(consent.asset_id))
    sample = ctx.workdir / "sample.wav"
    assets.fetch(ctx.app.storage, recording, sample)
    ctx.progress(0, 0, tr_lazy("copying the voice"))
    copied: SpeechVoice | None = None

    def steps() -> Generator[Event, None, None]:
        nonlocal copied
        for event in engine.clone(sample, title=payload.title, mark=ctx.job_id, language=consent.language):
            if isinstance(event, SpeechVoice):
                copied = event
            else:
                yield event

    for _ in ctx.pump(steps()):
        pass
    if copied is None:
        raise EngineError(tr_lazy("The copy of the voice did not arrive. Try again."))
    if not copied.commercial:
        engine.forget(copied.name)
        raise Unsupported(
            tr_lazy(
                "The licence of {title} ({licence}) does not allow earning money with its voices. Choose another engine.",
                title=payload.engine,
                licence=copied.licence,
            )
        )
    return copied


def _write(tx: Session, payload: ClonePayload, copied: SpeechVoice) -> dict[str, Any]:
    consents.check_usable(tx, payload.consent_id)
    voice_id = new_id("voi")
    new_row = insert(Voice).values(
        id=voice_id,
        tenant_id=tx.info["tenant_id"],
        title=payload.title,
        kind="cloned",
        engine=payload.engine,
        engine_voice=copied.name,
        language=copied.language,
        licence=copied.licence,
        quality=copied.quality,
        weights_sha256=copied.weights_sha256,
        consent_id=payload.consent_id,
        created_by=tx.info.get("user_id"),
    )
    tx.execute(new_row)
    data = {"engine": payload.engine, "consent_id": payload.consent_id, "licence": copied.licence}
    events.record(tx, "voice.cloned", "voice", voice_id, data)
    return {"voiceId": voice_id}
