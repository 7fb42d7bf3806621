"""The job that takes a recording of a scene: checked in a child, written anew, brought to the loudness of voices, stored."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import NewFile, UploadedFile, uploads
from backend.errors import Rejected
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media.audio import sound_file, voice_level, wav_file
from backend.reels import service
from backend.reels.schemas import MAX_SECONDS, MIN_SECONDS, RECORDED, SceneRecordingPayload

_SILENT = 1
"""Of a recording whose loudest sample, of 100, is below this nothing is heard."""


def run_recording(ctx: JobContext, payload: SceneRecordingPayload) -> dict[str, Any]:
    """Result: {sceneId, assetId, s3Key, durationS}. Raises Rejected with what is wrong with the file, NotFound where the scene
    is gone."""
    return ctx.write_step("recording", lambda: _store(ctx, payload), lambda tx, stored: _write(tx, payload, *stored)) or {}


def _store(ctx: JobContext, payload: SceneRecordingPayload) -> tuple[str, UploadedFile]:
    with ctx.transaction() as tx:
        upload = uploads.get(tx, payload.upload_id)
    source, wav = ctx.workdir / f"source{PurePosixPath(upload.filename).suffix[:8]}", ctx.workdir / "recording.wav"
    ctx.progress(0, 0, tr_lazy("fetching the recording"))
    assets.fetch_file(ctx, upload.key, source)
    ctx.progress(0, 0, tr_lazy("checking the sound"))
    info = run_steps(ctx, sound_file.check(source, max_seconds=MAX_SECONDS))
    if info.seconds < MIN_SECONDS:
        raise Rejected(
            tr_lazy("This is shorter than {min_seconds} seconds. Record the words of the scene.", min_seconds=MIN_SECONDS)
        )
    run_steps(ctx, sound_file.write_voice_wav(source, info.format, wav, settings=ctx.app.settings))
    if max(wav_file.peaks(wav, per_second=10), default=0) < _SILENT:
        raise Rejected(tr_lazy("This recording is silent. Check the microphone, then record again."))
    voice_level.level(wav)
    key = assets.key_for("audio", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    meta = {"duration_s": wav_file.duration_s(wav), "origin": RECORDED, "ai": False}
    file = NewFile(wav, "audio", key, "audio/wav", "Recording.wav", meta=meta)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return asset_id, assets.send_file(ctx, file)


def _write(tx: Session, payload: SceneRecordingPayload, asset_id: str, uploaded: UploadedFile) -> dict[str, Any]:
    [card] = assets.confirm(tx, {asset_id: uploaded})
    service.set_recording(tx, payload.reel_id, payload.scene_id, card.id)
    return {"sceneId": payload.scene_id, **card.names, "durationS": round(float(card.meta["duration_s"]), 3)}
