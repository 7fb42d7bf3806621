"""The job that takes an uploaded video: checked in a child, encoded anew, stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, videos
from backend.assets import uploads
from backend.db.tables import Clip
from backend.errors import Rejected
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media import ffmpeg
from backend.media.ffmpeg import own_video
from backend.media.images.ai_mark import AI_SOURCE_TYPES, SOURCE_TYPE
from backend.videos.schemas import VideoCard, VideoRecipe
from backend.videos.upload_schemas import MAX_SECONDS, VideoImportPayload
from backend.videos.video_writer import WriteVideo, store_video

_SHAPES = {(9, 16): "9:16", (4, 5): "4:5", (1, 1): "1:1", (16, 9): "16:9"}
_DAMAGED = tr_lazy("This video is damaged: a part of it cannot be read. Export it again, then choose it again.")


def run_import(ctx: JobContext, payload: VideoImportPayload) -> dict[str, Any]:
    """Result: {videoId, assetId, s3Key}. Raises Rejected with what is wrong with the file."""
    with ctx.transaction() as tx:
        card = videos.get(tx, payload.clip_id)
        if card.asset_id:
            return {"videoId": card.id, **assets.get(tx, card.asset_id).names}
        upload = uploads.get(tx, payload.upload_id)
    return ctx.write_step("film", lambda: _make(ctx, card, upload), lambda tx, write: write(tx)) or {}


def _make(ctx: JobContext, card: VideoCard, upload: assets.UploadCard) -> WriteVideo:
    """Checks, encodes and uploads the video; returns what writes its row."""
    source, out = ctx.workdir / f"source{PurePosixPath(upload.filename).suffix[:8]}", ctx.workdir / "video.mp4"
    ctx.progress(0, 0, tr_lazy("fetching the file"))
    assets.fetch_file(ctx, upload.key, source)
    ctx.progress(0, 0, tr_lazy("looking at it"))
    video = run_steps(ctx, own_video.check(source, max_seconds=MAX_SECONDS))
    named = next((name for name in AI_SOURCE_TYPES if video.source_type and name.endswith(f"/{video.source_type}")), None)
    source_type = named or (SOURCE_TYPE if card.recipe.ai_mark else None)
    steps = own_video.encode(source, video, out, source_type=source_type, settings=ctx.app.settings)
    run_steps(ctx, steps, lambda frames: ctx.progress(frames, video.frames, tr_lazy("converting it for every player")))
    info = run_steps(ctx, ffmpeg.probe(out))
    if info.seconds < 0.9 * video.seconds - 0.5:
        raise Rejected(_DAMAGED, detail=f"{info.seconds:.1f} of {video.seconds:.1f} s")
    recipe = _recipe(card, video.size, info.frames, video.constant_fps, source_type is not None, video.sound)
    write = store_video(
        ctx,
        replace(card, recipe=recipe),
        out,
        size=video.size,
        frames=info.frames,
        fps=video.constant_fps,
        source_type=source_type,
        meta={"sound": video.sound},
    )

    def write_all(tx: Session) -> dict[str, Any]:
        row = tx.get_one(Clip, card.id)
        row.recipe, row.format = recipe.model_dump(), recipe.format
        return write(tx)

    return write_all


def _recipe(card: VideoCard, size: tuple[int, int], frames: int, fps: int, ai_mark: bool, sound: bool) -> VideoRecipe:
    width, height = size
    shape = next((name for (x, y), name in _SHAPES.items() if abs(width / height - x / y) < 0.01), "as-is")
    values = {"width": width, "height": height, "frames": frames, "fps": fps, "format": shape}
    return card.recipe.model_copy(update={**values, "ai_mark": ai_mark, "sound": sound})
