"""Puts the file of a video into the storage and writes its rows; for every job that makes videos."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, events
from backend.assets import NewFile, ThumbFile
from backend.db.tables import Clip
from backend.jobs.context import JobContext, run_steps
from backend.media import ffmpeg
from backend.media.images import pictures
from backend.media.images.ai_mark import SOURCE_META
from backend.videos.schemas import VideoCard

WriteVideo = Callable[[Session], dict[str, Any]]
"""Writes the rows of an uploaded video, and gives the job's result."""


def store_video(
    ctx: JobContext,
    card: VideoCard,
    path: Path,
    *,
    size: tuple[int, int],
    frames: int,
    fps: float,
    source_type: str | None,
    meta: Mapping[str, Any] | None = None,
) -> WriteVideo:
    """Uploads a finished file with poster thumbnails; returns the function that writes its rows in a transaction and gives the
    job's result: {videoId, assetId, s3Key}. `meta`: kept with the file."""
    poster = ctx.workdir / "poster.png"
    run_steps(ctx, ffmpeg.first_frame(path, poster, settings=ctx.app.settings))
    key = assets.key_for("video", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    with tempfile.TemporaryDirectory(dir=ctx.workdir) as folder:
        _, thumb_paths = pictures.make_thumbnails(poster, Path(folder))
        thumbs = tuple(ThumbFile(thumb_width, path) for thumb_width, path in thumb_paths)
        source_meta = {SOURCE_META: source_type} if source_type else {}
        file_meta = {"fps": fps, "duration_s": frames / fps, **source_meta, **(meta or {})}
        file = NewFile(path, "video", key, "video/mp4", f"{card.id}.mp4", *size, thumbs, file_meta)
        with ctx.transaction() as tx:
            [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        uploaded = assets.send_file(ctx, file)
    return lambda tx: _write_video(tx, card, frames, fps, asset_id, uploaded)


def _write_video(
    tx: Session, card: VideoCard, frames: int, fps: float, asset_id: str, uploaded: assets.UploadedFile
) -> dict[str, Any]:
    stored = assets.confirm(tx, {asset_id: uploaded})[0]
    row = tx.get_one(Clip, card.id)
    row.asset_id, row.frames, row.fps = stored.id, frames, round(fps)
    tx.flush()
    assets.use(tx, stored.id, "clip", row.id)
    events.record(tx, "video.completed", "clip", row.id, {"asset_id": stored.id, "picture_id": card.picture_id})
    return {"videoId": row.id, **stored.names}
