"""The job that prepares files: each is fetched, made, sent, and then becomes the rendition; a file that is bad says why."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard, NewFile
from backend.db.tables import Rendition
from backend.errors import Invalid, NotFound, Rejected, StudioError
from backend.jobs import JobContext
from backend.media import ffmpeg
from backend.media.images import ai_mark, picture_out, picture_packets
from backend.renditions.recipe import Facts, Recipe, cutting, facts
from backend.renditions.schemas import NOUN, MediaPayload

_GONE = "This file is not here any more. Take it out of the post and choose another one."
_UNREAD = "This video cannot be read, so it cannot be posted. Take it out, or make it again."
_PLAIN = ("h264", "hevc")
"""Codecs that every platform plays."""
_XMP_ROOM = 2_000
"""Bytes of the packet that says that it is AI-made."""
T = TypeVar("T")


def run(ctx: JobContext, payload: MediaPayload) -> dict[str, Any]:
    """Result: how many were `made`, and `refused` because their file is bad."""
    tally = {"made": 0, "refused": 0}
    for n, rendition_id in enumerate(payload.rendition_ids):
        ctx.progress(n, len(payload.rendition_ids), "preparing files")
        done = ctx.step(rendition_id, partial(_prepare, ctx, rendition_id, n)) or {}
        tally["made"] += bool(done.get("asset_id"))
        tally["refused"] += bool(done.get("error"))
    return tally


@dataclass(frozen=True, slots=True)
class _Made:
    """A file in the workdir and what it is."""

    path: Path
    facts: Facts
    source_type: str | None


def _prepare(ctx: JobContext, rendition_id: str, n: int) -> Callable[[Session], dict[str, Any]] | dict[str, Any]:
    with ctx.transaction() as tx:
        row = tx.get(Rendition, rendition_id)
        if row is None:
            return {}  # cleared away since: nobody asks for it
        if row.made_id:
            return {"asset_id": row.made_id}
        recipe = Recipe.model_validate(row.recipe)
        source = assets.get_many(tx, [row.asset_id]).get(row.asset_id)
    try:
        if source is None:
            raise NotFound(_GONE)
        made = _make(ctx, source, recipe, n)
    except (Invalid, NotFound, Rejected) as error:
        return partial(_refused, ctx, rendition_id, error)
    return _send(ctx, rendition_id, source, made, n)


def _refused(ctx: JobContext, rendition_id: str, error: StudioError, tx: Session) -> dict[str, Any]:
    if row := tx.get(Rendition, rendition_id, with_for_update=True):
        row.error = error.message
    ctx.log(f"{error.message} {error.data.get('detail', '')}".strip(), level="warning")
    return {"error": error.message}


def _make(ctx: JobContext, source: AssetCard, recipe: Recipe, n: int) -> _Made:
    folder = ctx.workdir / str(n)
    folder.mkdir(exist_ok=True)
    given = folder / f"given{Path(source.key).suffix}"
    assets.fetch(ctx.app.storage, source, given)
    ctx.check()
    said = str(source.meta.get(ai_mark.SOURCE_META) or "")
    make = _picture if recipe.kind == "picture" else _film
    return make(ctx, given, folder, source, recipe, said)


def _picture(ctx: JobContext, given: Path, folder: Path, source: AssetCard, recipe: Recipe, said: str) -> _Made:
    if source.kind != "image" or not source.width or not source.height:
        raise Invalid("The size of this picture is not known. Take it out and add it again.")
    cut, out = cutting(facts(source), recipe), folder / "out.jpg"
    most = recipe.max_bytes and recipe.max_bytes - _XMP_ROOM
    of = (source.width, source.height)
    left = _through(ctx, picture_out.write(picture_out.Outgoing(str(given), str(out), of, cut.box, cut.size, most)))
    mark = _mark(recipe, said or left.source_type)
    if mark:
        data, packet = out.read_bytes(), ai_mark.xmp(mark)
        size = {"width": left.width, "height": left.height}
        out.write_bytes(picture_packets.written(data, "image/jpeg", picture_packets.XMP, packet, **size))
    return _Made(out, Facts("image/jpeg", left.width, left.height), mark)


def _film(ctx: JobContext, given: Path, folder: Path, source: AssetCard, recipe: Recipe, said: str) -> _Made:
    settings, out = ctx.app.settings, folder / "out.mp4"
    try:
        film = _through(ctx, ffmpeg.probe(given))
    except Rejected as error:
        raise Rejected(_UNREAD, detail=error.data.get("detail", "")) from error
    real = Facts(source.content_type, film.width, film.height, film.seconds, film.fps or None, film.codec, film.audio)
    cut, mark = cutting(real, recipe), _mark(recipe, said)
    frames = round(min(film.seconds, cut.seconds or film.seconds) * (cut.fps or film.fps))
    if cut.encode or film.codec not in _PLAIN or film.pixels != "yuv420p":
        lasts = min(film.seconds, cut.seconds or film.seconds)
        how = ffmpeg.Cut(cut.box, cut.size, cut.fps, cut.seconds, film.sound, recipe.max_bytes, lasts)
        making = ffmpeg.recut(given, out, cut=how, source_type=mark, settings=settings)
    else:
        making = ffmpeg.rewrap(given, out, sound=film.sound, source_type=mark, settings=settings)
    for done in making:
        ctx.progress(done, frames, "converting the video")
        ctx.check()
    made = _through(ctx, ffmpeg.probe(out))
    if recipe.max_bytes and out.stat().st_size > recipe.max_bytes:
        raise Rejected(f"This video cannot be made smaller than {recipe.max_bytes / 1e6:,.0f} MB. Keep less of it.")
    return _Made(out, Facts("video/mp4", made.width, made.height, made.seconds, made.fps, made.codec, made.audio), mark)


def _mark(recipe: Recipe, said: str) -> str | None:
    """The digital source type it says: its own if a model had a part in it, else that of a model's work."""
    if not recipe.ai_mark:
        return None
    return said if said in ai_mark.AI_MADE else ai_mark.SOURCE_TYPE


def _send(ctx: JobContext, rendition_id: str, source: AssetCard, made: _Made, n: int) -> Callable[[Session], dict[str, Any]]:
    film = made.facts.mime == "video/mp4"
    key = assets.key_for(
        "video" if film else "image", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=n,
        ext="mp4" if film else "jpg",
    )  # fmt: skip
    is_ = made.facts
    meta: dict[str, Any] = {ai_mark.SOURCE_META: made.source_type} if made.source_type else {}
    if film:
        meta |= {"duration_s": is_.duration_s, "fps": is_.fps, "codec": is_.codec, "audio": is_.audio}
    name = f"{Path(source.filename).stem[:80] or source.id}{made.path.suffix}"
    file = NewFile(made.path, source.kind, key, is_.mime, name, is_.width, is_.height, (), meta)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    sent = assets.upload_file(ctx.app.storage, file)

    def write(tx: Session) -> dict[str, Any]:
        stored = assets.confirm(tx, {asset_id: sent})[0]
        row = tx.get(Rendition, rendition_id, with_for_update=True, populate_existing=True)
        if row is None or row.made_id:  # cleared away, or another job was quicker
            assets.delete(tx, [stored.id], force=True)
            return {"asset_id": row.made_id} if row and row.made_id else {}
        row.made_id, row.error = stored.id, ""
        assets.use(tx, stored.id, NOUN, row.id)
        made.path.unlink(missing_ok=True)
        return {"asset_id": stored.id}

    return write


def _through(ctx: JobContext, steps: Generator[Any, None, T]) -> T:
    """What the generator comes to, with a look at each of its signs of life whether to go on."""
    try:
        while True:
            next(steps)
            ctx.check()
    except StopIteration as ended:
        result: T = ended.value
        return result
    finally:
        steps.close()
