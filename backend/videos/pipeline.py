"""The job that makes a video: it is made, marked as AI-made, uploaded, then its row is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, loras, videos
from backend.assets import AssetCard
from backend.db.tables import Clip
from backend.engines.ports.events import Output
from backend.engines.ports.image import LoraUse
from backend.engines.ports.motion import MotionRequest
from backend.errors import Invalid
from backend.generation import inherited_source_type
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.loras import LoraCard
from backend.media import ffmpeg
from backend.videos import requests, rules
from backend.videos.schemas import VideoCard, VideoPayload
from backend.videos.video_writer import WriteVideo, store_video


def run(ctx: JobContext, payload: VideoPayload) -> dict[str, Any]:
    """Result: {videoId, assetId, s3Key}."""
    with ctx.transaction() as tx:
        card = videos.get(tx, payload.clip_id)
        if card.asset_id:
            return {"videoId": card.id, **assets.get(tx, card.asset_id).names}
        assert card.picture_id, "only uploaded videos are made of no picture"
        assert card.picture_asset_id
        source = assets.get(tx, card.picture_asset_id)
        source_type = inherited_source_type(tx, card.picture_id) if card.recipe.ai_mark else None
        files = _lora_files(tx, card)
    ctx.start_timing(requests.video_work(card.recipe))
    picture = ctx.workdir / f"picture{Path(source.key).suffix}"
    ctx.progress(0, 0, tr_lazy("fetching the picture"))
    assets.fetch_file(ctx, source.key, picture)
    request = _request(ctx, _with_focus(ctx, card, source, picture), picture, files)
    result: dict[str, Any] = {}
    for event in ctx.pump(ctx.app.engines.motion.run(request, ctx.handle)):
        if isinstance(event, Output):
            result = _store_output(ctx, card, event, source_type)
    return result


def _with_focus(ctx: JobContext, card: VideoCard, source: AssetCard, picture: Path) -> VideoCard:
    """The video with what it keeps of its picture decided; that stays in its recipe, also for a later attempt."""
    recipe = card.recipe
    if recipe.focus is not None:
        return card
    looked = {} if assets.FACE_META in source.meta else assets.find_faces(ctx, {source.id: picture})
    face, shape = looked.get(source.id) or assets.face_of(source), recipe.width / recipe.height
    focus = rules.focus_of(face, source.width or recipe.width, source.height or recipe.height, shape)
    recipe = recipe.model_copy(update={"focus": focus})
    with ctx.transaction() as tx:
        tx.get_one(Clip, card.id).recipe = recipe.model_dump()
    return replace(card, recipe=recipe)


def _request(ctx: JobContext, card: VideoCard, picture: Path, files: list[tuple[LoraCard, AssetCard, float]]) -> MotionRequest:
    recipe, out = card.recipe, ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    assert recipe.focus is not None
    lora_uses = []
    for lora, asset, weight in files:
        path = ctx.workdir / f"{lora.id}.safetensors"
        assets.fetch_file(ctx, asset.key, path)
        lora_uses.append(LoraUse(lora.name, path, weight))
    return MotionRequest(
        model=recipe.model,
        picture=picture,
        workdir=out,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        checkpoint=recipe.checkpoint,
        frames=recipe.frames,
        fps=recipe.fps,
        steps=recipe.steps,
        cfg=recipe.cfg,
        movement=recipe.movement,
        seed=recipe.seed,
        loras=tuple(lora_uses),
        device=ctx.device,
        width=recipe.width,
        height=recipe.height,
        focus=recipe.focus,
    )


def _lora_files(tx: Session, card: VideoCard) -> list[tuple[LoraCard, AssetCard, float]]:
    """(LoRA, its file, weight) of the recipe. Raises Invalid when one was deleted."""
    refs = card.recipe.loras
    lora_cards = loras.get_many(tx, [ref.lora_id for ref in refs])
    if missing_names := [ref.name for ref in refs if ref.lora_id not in lora_cards]:
        raise Invalid(
            tr_lazy(
                "The LoRA {missing_names} was deleted from the library. Animate the picture again without it.",
                missing_names=missing_names[0],
            )
        )
    files = assets.get_many(tx, [card_.asset_id for card_ in lora_cards.values()])
    return [(lora_cards[ref.lora_id], files[lora_cards[ref.lora_id].asset_id], ref.weight) for ref in refs]


def _store_output(ctx: JobContext, card: VideoCard, output: Output, source_type: str | None) -> dict[str, Any]:
    """Stores the video as a step. Result: as `run`."""
    result = ctx.write_step("film", lambda: _deliver(ctx, card, output, source_type), lambda tx, write: write(tx))
    return result or {}


def _deliver(ctx: JobContext, card: VideoCard, output: Output, source_type: str | None) -> WriteVideo:
    """Marks the video and uploads it."""
    delivered = ctx.workdir / "deliver.mp4"
    ctx.progress(0, 0, tr_lazy("saving the video"))
    run_steps(ctx, ffmpeg.deliver(output.path, delivered, source_type=source_type, settings=ctx.app.settings))
    return store_video(
        ctx,
        card,
        delivered,
        size=(int(output.meta["width"]), int(output.meta["height"])),
        frames=int(output.meta["frames"]),
        fps=float(output.meta["fps"]),
        source_type=source_type,
    )
