"""The job that prepares files: each is fetched, converted, stored and linked to its rendition, or its error is recorded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard, NewFile
from backend.db.tables import Rendition
from backend.errors import Invalid, NotFound, Rejected, StudioError
from backend.jobs import JobContext
from backend.language import joined, stored, tr_lazy
from backend.media import ffmpeg
from backend.media.images import ai_mark, picture_metadata, picture_out
from backend.renditions.recipe import FileFacts, RenditionRecipe, facts_of, plan_cut
from backend.renditions.schemas import OWNER_TYPE, MediaPayload

_GONE = tr_lazy("This file is gone. Remove it from the post and choose another one.")
_UNREADABLE = tr_lazy("This video cannot be read, so it cannot be posted. Remove it, or make it again.")
_PLAYABLE_CODECS = ("h264", "hevc")
"""Video codecs that every platform plays."""
_XMP_BYTES = 2_000
"""Bytes reserved for the XMP packet with the AI mark."""
T = TypeVar("T")


def run(ctx: JobContext, payload: MediaPayload) -> dict[str, Any]:
    """Result: {made, refused}, counts of files; a refused one cannot be prepared. `assets`: {renditionId, assetId, s3Key} of
    those made."""
    asset_ids: dict[str, str] = {}
    refused = 0
    for n, rendition_id in enumerate(payload.rendition_ids):
        ctx.progress(n, len(payload.rendition_ids), tr_lazy("preparing files"))
        result = _prepare_in_step(ctx, rendition_id, n)
        refused += bool(result.get("error"))
        if asset_id := result.get("asset_id"):
            asset_ids[rendition_id] = asset_id
    with ctx.transaction() as tx:
        files = assets.get_many(tx, list(asset_ids.values()))
    names = [{"renditionId": id, **files[asset_id].names} for id, asset_id in asset_ids.items() if asset_id in files]
    return {"made": len(asset_ids), "refused": refused, "assets": names}


@dataclass(frozen=True, slots=True)
class _PreparedFile:
    """A file in the workdir and what it is."""

    path: Path
    facts: FileFacts
    source_type: str | None


@dataclass(frozen=True, slots=True)
class _UploadedFile:
    """A prepared file whose bytes are stored. `asset_id`: of its intent."""

    asset_id: str
    uploaded: assets.UploadedFile
    path: Path


def _prepare_in_step(ctx: JobContext, rendition_id: str, n: int) -> dict[str, Any]:
    """Result: {asset_id}, {error}, or {} when the rendition was deleted."""
    result = ctx.write_step(
        rendition_id,
        lambda: _prepare_file(ctx, rendition_id, n),
        lambda tx, outcome: _write_outcome(tx, ctx, rendition_id, outcome),
    )
    return result or {}


def _prepare_file(ctx: JobContext, rendition_id: str, n: int) -> _UploadedFile | StudioError | dict[str, Any]:
    """The file; why there is none; or the step's result where nothing is to be done any more."""
    with ctx.transaction() as tx:
        row = tx.get(Rendition, rendition_id)
        if row is None:
            return {}  # deleted since, because nobody asked for it
        if row.made_id:
            return {"asset_id": row.made_id}
        recipe = RenditionRecipe.model_validate(row.recipe)
        source = assets.get_many(tx, [row.asset_id]).get(row.asset_id)
    try:
        if source is None:
            raise NotFound(_GONE)
        prepared = _make_file(ctx, source, recipe, n)
    except (Invalid, NotFound, Rejected) as error:
        return error
    return _upload_file(ctx, source, prepared, n)


def _write_outcome(
    tx: Session, ctx: JobContext, rendition_id: str, outcome: _UploadedFile | StudioError | dict[str, Any]
) -> dict[str, Any]:
    match outcome:
        case _UploadedFile():
            return _link_file(tx, rendition_id, outcome)
        case StudioError():
            return _record_refusal(tx, ctx, rendition_id, outcome)
        case _:
            return outcome


def _record_refusal(tx: Session, ctx: JobContext, rendition_id: str, error: StudioError) -> dict[str, Any]:
    if row := tx.get(Rendition, rendition_id, with_for_update=True):
        row.error = error.message
    ctx.log(joined(error.message, str(error.data.get("detail") or "")), level="warning")
    return {"error": stored(error.message)}


def _make_file(ctx: JobContext, source: AssetCard, recipe: RenditionRecipe, n: int) -> _PreparedFile:
    folder = ctx.workdir / str(n)
    folder.mkdir(exist_ok=True)
    source_path = folder / f"given{Path(source.key).suffix}"
    assets.fetch(ctx.app.storage, source, source_path)
    ctx.check()
    source_type = str(source.meta.get(ai_mark.SOURCE_META) or "")
    make = _make_picture if recipe.kind == "picture" else _make_video
    return make(ctx, source_path, folder, source, recipe, source_type)


def _make_picture(
    ctx: JobContext, source_path: Path, folder: Path, source: AssetCard, recipe: RenditionRecipe, source_type: str
) -> _PreparedFile:
    if source.kind != "image" or not source.width or not source.height:
        raise Invalid(tr_lazy("The size of this picture is not known. Remove it and add it again."))
    cut, out_path = plan_cut(facts_of(source), recipe), folder / "out.jpg"
    max_bytes = recipe.max_bytes and recipe.max_bytes - _XMP_BYTES
    source_size = (source.width, source.height)
    written = _run_checked(
        ctx,
        picture_out.deliver_picture(
            picture_out.PictureDelivery(str(source_path), str(out_path), source_size, cut.box, cut.size, max_bytes)
        ),
    )
    mark = _source_type(recipe, source_type or written.source_type)
    if mark:
        data, packet = out_path.read_bytes(), ai_mark.xmp(mark)
        size = {"width": written.width, "height": written.height}
        out_path.write_bytes(picture_metadata.with_packet(data, "image/jpeg", picture_metadata.XMP, packet, **size))
    return _PreparedFile(out_path, FileFacts("image/jpeg", written.width, written.height), mark)


def _make_video(
    ctx: JobContext, source_path: Path, folder: Path, source: AssetCard, recipe: RenditionRecipe, source_type: str
) -> _PreparedFile:
    settings, out_path = ctx.app.settings, folder / "out.mp4"
    try:
        video = _run_checked(ctx, ffmpeg.probe(source_path))
    except Rejected as error:
        raise Rejected(_UNREADABLE, detail=error.data.get("detail", "")) from error
    source_facts = FileFacts(
        source.content_type, video.width, video.height, video.seconds, video.fps or None, video.codec, video.audio
    )
    cut, mark = plan_cut(source_facts, recipe), _source_type(recipe, source_type)
    frames = round(min(video.seconds, cut.seconds or video.seconds) * (cut.fps or video.fps))
    if cut.encode or video.codec not in _PLAYABLE_CODECS or video.pixels != "yuv420p":
        duration_s = min(video.seconds, cut.seconds or video.seconds)
        ffmpeg_cut = ffmpeg.VideoCut(cut.box, cut.size, cut.fps, cut.seconds, video.sound, recipe.max_bytes, duration_s)
        conversion = ffmpeg.transcode(source_path, out_path, cut=ffmpeg_cut, source_type=mark, settings=settings)
    else:
        conversion = ffmpeg.remux(source_path, out_path, sound=video.sound, source_type=mark, settings=settings)
    for frames_done in conversion:
        ctx.progress(frames_done, frames, tr_lazy("converting the video"))
        ctx.check()
    result = _run_checked(ctx, ffmpeg.probe(out_path))
    if recipe.max_bytes and out_path.stat().st_size > recipe.max_bytes:
        raise Rejected(
            tr_lazy(
                "This video cannot be made smaller than {max_bytes:,.0f} MB. Keep less of it.", max_bytes=recipe.max_bytes / 1e6
            )
        )
    return _PreparedFile(
        out_path,
        FileFacts("video/mp4", result.width, result.height, result.seconds, result.fps, result.codec, result.audio),
        mark,
    )


def _source_type(recipe: RenditionRecipe, source_type: str) -> str | None:
    """The digital source type to write (None: no mark): the file's own if it names AI, else that of AI-made media."""
    if not recipe.ai_mark:
        return None
    return source_type if source_type in ai_mark.AI_SOURCE_TYPES else ai_mark.SOURCE_TYPE


def _upload_file(ctx: JobContext, source: AssetCard, prepared: _PreparedFile, n: int) -> _UploadedFile:
    is_video = prepared.facts.mime == "video/mp4"
    key = assets.key_for(
        "video" if is_video else "image",
        tenant_id=ctx.tenant_id,
        job_id=ctx.job_id,
        attempt_id=ctx.attempt_id,
        n=n,
        ext="mp4" if is_video else "jpg",
    )
    file_facts = prepared.facts
    meta: dict[str, Any] = {ai_mark.SOURCE_META: prepared.source_type} if prepared.source_type else {}
    if is_video:
        meta |= {
            "duration_s": file_facts.duration_s,
            "fps": file_facts.fps,
            "codec": file_facts.codec,
            "audio": file_facts.audio,
        }
    name = f"{Path(source.filename).stem[:80] or source.id}{prepared.path.suffix}"
    file = NewFile(prepared.path, source.kind, key, file_facts.mime, name, file_facts.width, file_facts.height, (), meta)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return _UploadedFile(asset_id, assets.upload_file(ctx.app.storage, file), prepared.path)


def _link_file(tx: Session, rendition_id: str, file: _UploadedFile) -> dict[str, Any]:
    stored = assets.confirm(tx, {file.asset_id: file.uploaded})[0]
    row = tx.get(Rendition, rendition_id, with_for_update=True, populate_existing=True)
    if row is None or row.made_id:  # deleted since, or another job was faster
        assets.delete(tx, [stored.id], force=True)
        return {"asset_id": row.made_id} if row and row.made_id else {}
    row.made_id, row.error = stored.id, ""
    assets.use(tx, stored.id, OWNER_TYPE, row.id)
    file.path.unlink(missing_ok=True)
    return {"asset_id": stored.id}


def _run_checked(ctx: JobContext, steps: Generator[Any, None, T]) -> T:
    """Runs a generator to its end and returns its result; checks for cancellation at each item it yields."""
    try:
        while True:
            next(steps)
            ctx.check()
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()
