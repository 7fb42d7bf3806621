"""The job that takes an uploaded sound file as music: checked in a child, written anew, measured, stored."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import NewFile, uploads
from backend.db.tables import Track
from backend.errors import Cancelled, Rejected
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media.audio import sound_file
from backend.media.ffmpeg.loudness import Loudness, measure
from backend.music.schemas import MAX_SECONDS, MIN_SECONDS, NOUN, TrackPayload

_Stored = tuple[str, assets.UploadedFile, sound_file.SoundInfo, Loudness]


def run_import(ctx: JobContext, payload: TrackPayload) -> dict[str, Any]:
    """Result: {trackId, assetId, s3Key}. Raises Rejected with what is wrong with the file."""
    return ctx.write_step("track", lambda: _store(ctx, payload), lambda tx, stored: _write(tx, payload, stored)) or {}


def _store(ctx: JobContext, payload: TrackPayload) -> _Stored:
    with ctx.transaction() as tx:
        upload = uploads.get(tx, payload.upload_id)
        title = tx.get_one(Track, payload.track_id).title
    source, out = ctx.workdir / f"source{PurePosixPath(upload.filename).suffix[:8]}", ctx.workdir / "track.m4a"
    ctx.progress(0, 0, tr_lazy("fetching the file"))
    assets.fetch_file(ctx, upload.key, source)
    ctx.progress(0, 0, tr_lazy("checking the sound"))
    info = run_steps(ctx, sound_file.check(source, max_seconds=MAX_SECONDS))
    if info.seconds < MIN_SECONDS:
        raise Rejected(
            tr_lazy(
                "This is shorter than {min_seconds:.0f} seconds: too short to be music. Choose a longer piece.",
                min_seconds=MIN_SECONDS,
            )
        )
    run_steps(ctx, sound_file.write_m4a(source, info.format, out, settings=ctx.app.settings))
    loudness = run_steps(ctx, measure(out))
    if loudness.is_silence:
        raise Rejected(tr_lazy("This file is silent. Choose another one."))
    key = assets.key_for("audio", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, ext="m4a")
    uses = [(NOUN, payload.track_id)]
    file = NewFile(out, "audio", key, "audio/mp4", f"{title[:80]}.m4a", meta={"duration_s": info.seconds}, uses=uses)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return asset_id, assets.send_file(ctx, file), info, loudness


def _write(tx: Session, payload: TrackPayload, stored: _Stored) -> dict[str, Any]:
    asset_id, uploaded, info, loudness = stored
    row = tx.get_one(Track, payload.track_id, with_for_update=True)
    if row.erased_at:  # what was sent is never confirmed: the sweep deletes it
        raise Cancelled(tr_lazy("This track was removed while it was checked."))
    [card] = assets.confirm(tx, {asset_id: uploaded})
    row.asset_id, row.seconds, row.lufs, row.peaks = asset_id, round(info.seconds, 3), loudness.integrated, info.peaks
    return {"trackId": row.id, **card.names}
