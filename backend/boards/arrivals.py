"""Pictures from other programs: looked at in a child, kept without what they say about themselves, with the recipe as ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, generation, influencers, jobs
from backend.assets import AssetCard, ThumbFile, UploadCard, uploads
from backend.boards import places, twins
from backend.boards.schemas import INBOX, NOUN, ImportPayload
from backend.errors import Invalid
from backend.generation import LoraRef, Recipe
from backend.jobs import JobCard
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.tables import Generation, Lora, Picture, PictureLora
from backend.tools.ai_mark import AI_MADE, SOURCE_TYPE, mark
from backend.tools.picture_hash import bands
from backend.tools.pictures import Inspected, Inspector, Limits
from backend.tools.recipe_text import FoundRecipe


def bring_in(
    tx: Session,
    *,
    board_id: str | None = None,
    influencer_id: str | None = None,
    ai_made: bool = False,
    anyway: Sequence[str] = (),
    request_key: str,
) -> JobCard:
    """Asks that what was uploaded for the gallery is looked at and taken; `anyway`: also these, which it has already.

    `ai_made`: what does not say where it comes from is marked as made by AI. Raises Invalid (nothing there), NotFound.
    """
    if anyway:
        twins.let_in(tx, anyway)
    waiting = uploads.count(tx, NOUN, INBOX, states=("stored",))
    if not waiting:
        raise Invalid("There is nothing to bring in. Choose pictures first.")
    if board_id:
        places.touch(tx, board_id)
    if influencer_id:
        influencers.get(tx, influencer_id)
    payload = ImportPayload(board_id=board_id, influencer_id=influencer_id, anyway=list(anyway), ai_made=ai_made)
    title = f"Bring in {waiting:,} picture{'' if waiting == 1 else 's'}"
    return jobs.enqueue(tx, kind="picture-import", payload=payload, title=title, request_key=request_key)


def refused(tx: Session, *, take: int = 50) -> list[UploadCard]:
    """Files that could not be taken, latest first, each with its reason; those that are there already: `already`."""
    return uploads.listing(tx, NOUN, INBOX, states=("refused",), take=take, newest_first=True, but_for=twins.REASON)


def take_all(ctx: JobContext, payload: ImportPayload) -> dict[str, Any]:
    """How many were `imported` (`with_recipe` of them), `refused`, and were there `already`; each upload is taken once."""
    settings = ctx.app.settings
    limits = Limits(settings.max_upload_size, settings.max_image_pixels, settings.min_image_side)
    models = {card.name.lower(): card.name for card in ctx.app.engines.image.models()}
    tally = {"imported": 0, "refused": 0, "already": 0, "with_recipe": 0}
    with Inspector(limits, processes=1) as inspector:
        while waiting := _waiting(ctx):
            for card in waiting:
                ctx.check()
                ctx.progress(sum(tally.values()) - tally["with_recipe"], 0, "bringing in pictures")
                _take(ctx, payload, card, inspector, models, tally)
    return tally


@dataclass(frozen=True, slots=True)
class _Looked:
    """`source_type`: what the kept file says of where it comes from; empty: nothing."""

    upload: UploadCard
    seen: Inspected
    asset: AssetCard
    source_type: str


def _waiting(ctx: JobContext) -> list[UploadCard]:
    with ctx.transaction() as tx:
        return uploads.listing(tx, NOUN, INBOX, states=("stored",), take=100)


def _take(
    ctx: JobContext,
    payload: ImportPayload,
    upload: UploadCard,
    inspector: Inspector,
    models: dict[str, str],
    tally: dict[str, int],
) -> None:
    twins_too = upload.id in payload.anyway
    with ctx.transaction() as tx:
        if not twins.still_waits(tx, upload.id):
            return
        if not twins_too and _left_out(tx, upload.id):
            tally["already"] += 1
            return
    path = ctx.workdir / f"{upload.id}{PurePosixPath(upload.filename).suffix.lower()[:8]}"
    ctx.app.storage.get_file(upload.key, path)
    seen = inspector.inspect(path, ctx.workdir)
    if not seen.ok:
        with ctx.transaction() as tx:
            if not twins.still_waits(tx, upload.id):
                return
            uploads.refuse(tx, {upload.id: seen.reason})
        ctx.log(f"{upload.filename}: {seen.reason}")
        tally["refused"] += 1
        return
    looked = _keep(ctx, upload, seen, _source_type(seen, payload))
    with ctx.transaction() as tx:
        if not twins.still_waits(tx, upload.id) or (not twins_too and _left_out(tx, upload.id)):
            assets.delete(tx, [looked.asset.id], force=True)  # another job was quicker
            return
        _add(tx, ctx.job_id, payload, looked, models)
        uploads.take(tx, [upload.id])
    tally["imported"] += 1
    tally["with_recipe"] += bool(seen.recipe.format)
    for file in (path, looked.seen.picture, *(thumb for _, thumb in seen.thumbs)):
        file.unlink(missing_ok=True)


def _left_out(tx: Session, upload_id: str) -> bool:
    """Whether the gallery has this file; then its upload says so."""
    if twins.twin_of(tx, upload_id) is None:
        return False
    uploads.refuse(tx, {upload_id: twins.REASON})
    return True


def _source_type(seen: Inspected, payload: ImportPayload) -> str:
    """What came with the mark, or with a recipe, was made by a model: it leaves with the mark."""
    if seen.source_type in AI_MADE:
        return seen.source_type
    said_otherwise = bool(seen.source_type) and not seen.recipe.format
    return SOURCE_TYPE if seen.recipe.format or (payload.ai_made and not said_otherwise) else ""


def _keep(ctx: JobContext, upload: UploadCard, seen: Inspected, source_type: str) -> _Looked:
    kept = seen.picture
    if source_type:
        kept = seen.picture.with_name(f"{upload.id}.marked.{seen.extension}")
        mark(seen.picture, kept, seen.content_type, width=seen.width, height=seen.height, source_type=source_type)
    name = assets.safe_name(upload.id)
    stored = assets.store(
        ctx.transaction,
        ctx.app.storage,
        path=kept,
        kind="image",
        key=assets.key_for("image", tenant_id=ctx.tenant_id, job_id=name, attempt_id=ctx.attempt_id, ext=seen.extension),
        content_type=seen.content_type,
        filename=f"{PurePosixPath(upload.filename).stem[:80]}.{seen.extension}",
        job_id=ctx.job_id,
        attempt_id=ctx.attempt_id,
        thumbs=[ThumbFile(width, file) for width, file in seen.thumbs],
        width=seen.width,
        height=seen.height,
        meta={generation.SOURCE_META: source_type} if source_type else {},
    )
    if kept != seen.picture:
        kept.unlink(missing_ok=True)
    return _Looked(upload, seen, stored, source_type)


def _add(tx: Session, job_id: str, payload: ImportPayload, looked: _Looked, models: dict[str, str]) -> None:
    seen, said = looked.seen, looked.seen.recipe
    known = _known(tx, said)
    recipe = _recipe(said, seen, known, models, bool(looked.source_type))
    owner = payload.influencer_id or next((one.influencer_id for one in known.values() if one.influencer_id), None)
    request = Generation(id=new_id("gen"), influencer_id=owner, job_id=job_id, recipe=recipe.model_dump())
    request.created_by = tx.info.get("user_id")
    tx.add(request)
    tx.flush()
    row = Picture(
        id=new_id("pic"), generation_id=request.id, n=0, asset_id=looked.asset.id, influencer_id=owner, seed=said.seed
    )
    row.prompt, row.model, row.shape = recipe.prompt, recipe.model, generation.shape_of(seen.width, seen.height)
    row.file_sha256 = seen.sha256
    row.source, row.dhash, row.bands = "imported", seen.dhash, bands(seen.dhash, tx.info["tenant_id"])
    row.origin = {"format": said.format, "filename": looked.upload.filename[:300], "notes": _notes(seen, known, models)}
    tx.add(row)
    tx.flush()
    tx.add_all(
        PictureLora(picture_id=row.id, lora_id=one.id, weight=weight) for name, weight in dict(said.loras).items()
        if (one := known.get(name.lower()))
    )  # fmt: skip
    assets.use(tx, looked.asset.id, "picture", row.id)
    if payload.board_id:
        places.add(tx, payload.board_id, [row.id])


def _known(tx: Session, said: FoundRecipe) -> dict[str, Lora]:
    """Lower-case name -> LoRA of the library."""
    names = {name.lower() for name, _ in said.loras}
    rows = tx.scalars(select(Lora).where(Lora.name.in_(names), Lora.deleted_at.is_(None))) if names else ()
    return {row.name.lower(): row for row in rows}


def _recipe(said: FoundRecipe, seen: Inspected, known: dict[str, Lora], models: dict[str, str], marked: bool) -> Recipe:
    return Recipe(
        asked=said.prompt, prompt=said.prompt, negative_asked=said.negative, negative_prompt=said.negative, with_look=False,
        model=models.get(said.model.lower(), said.model), size="square", width=said.width or seen.width,
        height=said.height or seen.height, steps=said.steps, cfg=said.cfg, sampler=said.sampler, seeds=[said.seed],
        loras=[
            LoraRef(lora_id=one.id if (one := known.get(name.lower())) else "", name=name, weight=weight)
            for name, weight in said.loras
        ],
        ai_mark=marked,
    )  # fmt: skip


def _notes(seen: Inspected, known: dict[str, Lora], models: dict[str, str]) -> list[str]:
    said = seen.recipe
    missing = [name for name, _ in said.loras if name.lower() not in known]
    notes = [*said.notes, *(note["sentence"] for note in seen.notes)]
    if missing:
        notes.append(f"Not in the library: LoRA {', '.join(missing[:5])}.")
    if said.model and said.model.lower() not in models:
        notes.append(f"The studio has no model called {said.model}.")
    return notes
