"""The job that films: the film is made, marked and sent; bytes first, then the row that makes it a video."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, events, loras, videos
from backend.assets import AssetCard, NewFile, ThumbFile
from backend.db.tables import Clip
from backend.engines.events import Output
from backend.engines.image.port import LoraUse
from backend.engines.motion.port import MotionRequest
from backend.errors import Invalid
from backend.generation import SOURCE_META, source_of
from backend.jobs.context import JobContext
from backend.loras import LoraCard
from backend.media import ffmpeg
from backend.media.images import pictures
from backend.videos import forecast
from backend.videos.schemas import ClipCard, ClipPayload


def run(ctx: JobContext, payload: ClipPayload) -> dict[str, Any]:
    """Result: {"clip_id", "asset_id"}."""
    with ctx.transaction() as tx:
        card = videos.get(tx, payload.clip_id)
        if card.asset_id:
            return {"clip_id": card.id, "asset_id": card.asset_id}
        source = assets.get(tx, card.picture_asset_id)
        source_type = source_of(tx, card.picture_id) if card.recipe.ai_mark else None
        files = _lora_files(tx, card)
    ctx.start_timing(forecast.work(card.recipe))
    request = _request(ctx, card, source, files)
    made: dict[str, Any] = {}
    for event in ctx.pump(ctx.app.engines.motion.run(request, ctx.handle)):
        if isinstance(event, Output):
            made = ctx.step("film", partial(_keep, ctx, card, event, source_type)) or {}
    return made


def _request(
    ctx: JobContext, card: ClipCard, source: AssetCard, files: list[tuple[LoraCard, AssetCard, float]]
) -> MotionRequest:
    recipe, out = card.recipe, ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    picture = ctx.workdir / f"picture{Path(source.key).suffix}"
    ctx.progress(0, 0, "fetching the picture")
    assets.fetch(ctx.app.storage, source, picture)
    used = []
    for lora, asset, weight in files:
        path = ctx.workdir / f"{lora.id}.safetensors"
        assets.fetch(ctx.app.storage, asset, path)
        used.append(LoraUse(lora.name, path, weight))
        ctx.check()
    return MotionRequest(
        model=recipe.model, picture=picture, workdir=out, prompt=recipe.prompt, negative_prompt=recipe.negative_prompt,
        checkpoint=recipe.checkpoint, frames=recipe.frames, fps=recipe.fps, steps=recipe.steps, cfg=recipe.cfg,
        movement=recipe.movement, seed=recipe.seed, loras=tuple(used), device=ctx.device, width=recipe.width,
        height=recipe.height, focus=recipe.focus,
    )  # fmt: skip


def _lora_files(tx: Session, card: ClipCard) -> list[tuple[LoraCard, AssetCard, float]]:
    """Raises Invalid for one that is gone."""
    refs = card.recipe.loras
    found = loras.get_many(tx, [ref.lora_id for ref in refs])
    if gone := [ref.name for ref in refs if ref.lora_id not in found]:
        raise Invalid(f"The LoRA {gone[0]} was deleted from the library. Animate the picture again without it.")
    files = assets.get_many(tx, [one.asset_id for one in found.values()])
    return [(found[ref.lora_id], files[found[ref.lora_id].asset_id], ref.weight) for ref in refs]


def _keep(ctx: JobContext, card: ClipCard, made: Output, source_type: str | None) -> Callable[[Session], dict[str, Any]]:
    """Marked, with a poster in the sizes of thumbnails, sent; what it returns makes it the clip's video."""
    settings, film = ctx.app.settings, ctx.workdir / "deliver.mp4"
    ctx.progress(0, 0, "saving the video")
    _through(ctx, ffmpeg.deliver(made.path, film, source_type=source_type, settings=settings))
    poster = ctx.workdir / "poster.png"
    _through(ctx, ffmpeg.frame(film, poster, settings=settings))
    width, height = int(made.meta["width"]), int(made.meta["height"])
    key = assets.key_for("video", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    with tempfile.TemporaryDirectory(dir=ctx.workdir) as folder:
        _, small = pictures.thumbnails(poster, Path(folder))
        thumbs = tuple(ThumbFile(wide, path) for wide, path in small)
        fps = float(made.meta["fps"])
        meta = {"fps": fps, "duration_s": int(made.meta["frames"]) / fps, **({SOURCE_META: source_type} if source_type else {})}
        file = NewFile(film, "video", key, "video/mp4", f"{card.id}.mp4", width, height, thumbs, meta)
        with ctx.transaction() as tx:
            [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        sent = assets.upload_file(ctx.app.storage, file)

    def write(tx: Session) -> dict[str, Any]:
        stored = assets.confirm(tx, {asset_id: sent})[0]
        row = tx.get_one(Clip, card.id)
        row.asset_id, row.frames, row.fps = stored.id, int(made.meta["frames"]), round(float(made.meta["fps"]))
        tx.flush()
        assets.use(tx, stored.id, "clip", row.id)
        events.record(tx, "video.completed", "clip", row.id, {"asset_id": stored.id, "picture_id": card.picture_id})
        return {"clip_id": row.id, "asset_id": stored.id}

    return write


def _through(ctx: JobContext, steps: Iterator[int]) -> None:
    for _ in steps:
        ctx.check()
