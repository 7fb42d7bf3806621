"""Imports pictures from other programs: each is inspected in a child process and stored without its metadata, of which the
recipe is kept as ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, generation, influencers, jobs
from backend.assets import AssetCard, ThumbFile, UploadCard, uploads
from backend.db.tables import Generation, Lora, Picture, PictureLora
from backend.errors import Invalid, NotFound
from backend.gallery import board_order, duplicates
from backend.gallery.schemas import INBOX, NOUN, ImportPayload
from backend.generation import LoraRef, PictureRecipe
from backend.jobs import JobCard
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.media.images.ai_mark import AI_SOURCE_TYPES, SOURCE_TYPE, add_mark
from backend.media.images.picture_hash import bands
from backend.media.images.pictures import InspectedPicture, Inspector, PictureLimits
from backend.media.images.recipe_text import ParsedRecipe


def start_import(
    tx: Session,
    *,
    board_id: str | None = None,
    influencer_id: str | None = None,
    ai_made: bool = False,
    anyway: Sequence[str] = (),
    upload_ids: Sequence[str] = (),
    request_key: str,
) -> JobCard:
    """Starts the job that imports all uploads waiting for the gallery, or `upload_ids` alone. `anyway`: also these duplicates.

    `ai_made`: files that do not say where they come from are marked as made by AI. Raises Invalid (nothing waits), NotFound.
    """
    if anyway:
        duplicates.accept_anyway(tx, anyway)
    for upload_id in upload_ids:
        if uploads.get(tx, upload_id).noun != NOUN:
            raise NotFound(tr_lazy("This upload does not exist here. Choose the file again."))
    waiting = len(upload_ids) or uploads.count(tx, NOUN, INBOX, states=("stored",))
    if not waiting:
        raise Invalid(tr_lazy("There is nothing to import. Choose pictures first."))
    if board_id:
        board_order.lock_board(tx, board_id)
    if influencer_id:
        influencers.get(tx, influencer_id)
    payload = ImportPayload(
        board_id=board_id, influencer_id=influencer_id, anyway=list(anyway), ai_made=ai_made, upload_ids=list(upload_ids)
    )
    title = tr_lazy_plural("Import {n:,} picture", "Import {n:,} pictures", waiting)
    return jobs.enqueue(tx, kind="picture-import", payload=payload, title=title, request_key=request_key)


def refused_uploads(tx: Session, *, take: int = 50) -> list[UploadCard]:
    """Files that could not be imported, newest first, each with its reason. Duplicates are not among them
    (`find_duplicates`)."""
    return uploads.listing(tx, NOUN, INBOX, states=("refused",), take=take, newest_first=True, except_reason=duplicates.REASON)


def run_import(ctx: JobContext, payload: ImportPayload) -> dict[str, Any]:
    """Imports the waiting uploads, each once. Returns how many were `imported` (`withRecipe` of them), `refused`, or in the
    gallery `already`; of named ones also `assets`: {uploadId, pictureId, assetId, s3Key} of each that the gallery has now."""
    upload_limits = ctx.app.settings.uploads
    limits = PictureLimits(upload_limits.max_picture_size, upload_limits.max_image_pixels, upload_limits.min_image_side)
    models = {card.name.lower(): card.name for card in ctx.app.engines.image.models()}
    tally = {"imported": 0, "refused": 0, "already": 0, "withRecipe": 0}
    with Inspector(limits, processes=1) as inspector:
        while waiting := _waiting(ctx, payload.upload_ids):
            for upload in waiting:
                ctx.check()
                ctx.progress(sum(tally.values()) - tally["withRecipe"], 0, tr_lazy("importing pictures"))
                _import_upload(ctx, payload, upload, inspector, models, tally)
    return {**tally, "assets": _named_pictures(ctx, payload.upload_ids)} if payload.upload_ids else {**tally}


@dataclass(frozen=True, slots=True)
class _StoredImport:
    """An upload whose picture is stored. `source_type`: the digital source type written into the stored file; empty: none."""

    upload: UploadCard
    inspected: InspectedPicture
    asset: AssetCard
    source_type: str


def _waiting(ctx: JobContext, upload_ids: Sequence[str]) -> list[UploadCard]:
    with ctx.transaction() as tx:
        return uploads.listing(tx, NOUN, INBOX, states=("stored",), ids=upload_ids, take=100)


def _named_pictures(ctx: JobContext, upload_ids: Sequence[str]) -> list[dict[str, str]]:
    """What the gallery has of these uploads, whichever job imported it. They are no open duplicates any more."""
    with ctx.transaction() as tx:
        pictures = duplicates.pictures_of(tx, upload_ids)
        duplicates.dismiss_duplicates(tx, list(pictures))
        files = assets.get_many(tx, [asset_id for _, asset_id in pictures.values()])
    return [
        {"uploadId": upload_id, "pictureId": pictures[upload_id][0], **files[pictures[upload_id][1]].names}
        for upload_id in upload_ids
        if upload_id in pictures
    ]


def _import_upload(
    ctx: JobContext,
    payload: ImportPayload,
    upload: UploadCard,
    inspector: Inspector,
    models: dict[str, str],
    tally: dict[str, int],
) -> None:
    """Imports one upload and counts it in `tally`."""
    allow_duplicate = upload.id in payload.anyway
    with ctx.transaction() as tx:
        if not duplicates.lock_waiting(tx, upload.id):
            return
        if not allow_duplicate and _reject_duplicate(tx, upload.id):
            tally["already"] += 1
            return
    path = ctx.workdir / f"{upload.id}{PurePosixPath(upload.filename).suffix.lower()[:8]}"
    ctx.app.storage.get_file(upload.key, path)
    inspected = inspector.inspect(path, ctx.workdir)
    if not inspected.ok:
        with ctx.transaction() as tx:
            if not duplicates.lock_waiting(tx, upload.id):
                return
            uploads.reject(tx, {upload.id: inspected.reason})
        ctx.log(joined(upload.filename, inspected.reason, separator=": "))
        tally["refused"] += 1
        return
    stored = _store(ctx, upload, inspected, _source_type(inspected, payload))
    with ctx.transaction() as tx:
        if not duplicates.lock_waiting(tx, upload.id) or (not allow_duplicate and _reject_duplicate(tx, upload.id)):
            assets.delete(tx, [stored.asset.id], force=True)  # another job imported the same file meanwhile
            return
        _insert_picture(tx, ctx.job_id, payload, stored, models)
        uploads.accept(tx, [upload.id])
    tally["imported"] += 1
    tally["withRecipe"] += bool(inspected.recipe.format)
    for file in (path, inspected.picture, *(thumb for _, thumb in inspected.thumbs)):
        file.unlink(missing_ok=True)


def _reject_duplicate(tx: Session, upload_id: str) -> bool:
    """Whether the gallery has this file already; then the upload is rejected as a duplicate."""
    if duplicates.duplicate_of(tx, upload_id) is None:
        return False
    uploads.reject(tx, {upload_id: duplicates.REASON})
    return True


def _source_type(inspected: InspectedPicture, payload: ImportPayload) -> str:
    """The source type to write into the stored file. A file with an AI mark keeps it; one with a recipe was made by a model,
    so it gets the mark; others get it if the payload says so and the file names no other source."""
    if inspected.source_type in AI_SOURCE_TYPES:
        return inspected.source_type
    names_other_source = bool(inspected.source_type) and not inspected.recipe.format
    return SOURCE_TYPE if inspected.recipe.format or (payload.ai_made and not names_other_source) else ""


def _store(ctx: JobContext, upload: UploadCard, inspected: InspectedPicture, source_type: str) -> _StoredImport:
    path = inspected.picture
    if source_type:
        path = inspected.picture.with_name(f"{upload.id}.marked.{inspected.extension}")
        size = {"width": inspected.width, "height": inspected.height}
        add_mark(inspected.picture, path, inspected.content_type, **size, source_type=source_type)
    name = assets.safe_name(upload.id)
    asset = assets.store(
        ctx.transaction,
        ctx.app.storage,
        path=path,
        kind="image",
        key=assets.key_for("image", tenant_id=ctx.tenant_id, job_id=name, attempt_id=ctx.attempt_id, ext=inspected.extension),
        content_type=inspected.content_type,
        filename=f"{PurePosixPath(upload.filename).stem[:80]}.{inspected.extension}",
        job_id=ctx.job_id,
        attempt_id=ctx.attempt_id,
        thumbs=[ThumbFile(width, file) for width, file in inspected.thumbs],
        width=inspected.width,
        height=inspected.height,
        meta=({generation.SOURCE_META: source_type} if source_type else {})
        | assets.face_meta(ctx.app.settings, inspected.measures.face_box),
    )
    if path != inspected.picture:
        path.unlink(missing_ok=True)
    return _StoredImport(upload, inspected, asset, source_type)


def _insert_picture(tx: Session, job_id: str, payload: ImportPayload, stored: _StoredImport, models: dict[str, str]) -> None:
    """Adds the picture to the gallery, as a generation of its own, and to the payload's board. It belongs to the payload's
    influencer, else to that of the first known LoRA in its recipe."""
    inspected, source_recipe = stored.inspected, stored.inspected.recipe
    loras_by_name = _library_loras(tx, source_recipe)
    recipe = _recipe(source_recipe, inspected, loras_by_name, models, bool(stored.source_type))
    lora_owner = next((lora.influencer_id for lora in loras_by_name.values() if lora.influencer_id), None)
    owner = payload.influencer_id or lora_owner
    request = Generation(id=new_id("gen"), influencer_id=owner, job_id=job_id, recipe=recipe.model_dump())
    request.created_by = tx.info.get("user_id")
    tx.add(request)
    tx.flush()
    row = Picture(
        id=new_id("pic"), generation_id=request.id, n=0, asset_id=stored.asset.id, influencer_id=owner, seed=source_recipe.seed
    )
    row.prompt, row.model, row.shape = recipe.prompt, recipe.model, generation.shape_of(inspected.width, inspected.height)
    row.file_sha256 = inspected.sha256
    row.source, row.dhash, row.bands = "imported", inspected.dhash, bands(inspected.dhash, tx.info["tenant_id"])
    notes = _notes(inspected, loras_by_name, models)
    row.origin = {"format": source_recipe.format, "filename": stored.upload.filename[:300], "notes": notes}
    tx.add(row)
    tx.flush()
    tx.add_all(
        PictureLora(picture_id=row.id, lora_id=lora.id, weight=weight)
        for name, weight in dict(source_recipe.loras).items()
        if (lora := loras_by_name.get(name.lower()))
    )
    assets.use(tx, stored.asset.id, "picture", row.id)
    if payload.board_id:
        board_order.add(tx, payload.board_id, [row.id])


def _library_loras(tx: Session, source_recipe: ParsedRecipe) -> dict[str, Lora]:
    """Lower-case name -> LoRA of the library, of those that the recipe names."""
    names = {name.lower() for name, _ in source_recipe.loras}
    rows = tx.scalars(select(Lora).where(Lora.name.in_(names), Lora.deleted_at.is_(None))) if names else ()
    return {row.name.lower(): row for row in rows}


def _recipe(
    source_recipe: ParsedRecipe,
    inspected: InspectedPicture,
    loras_by_name: dict[str, Lora],
    models: dict[str, str],
    ai_mark: bool,
) -> PictureRecipe:
    return PictureRecipe(
        asked=source_recipe.prompt,
        prompt=source_recipe.prompt,
        negative_asked=source_recipe.negative,
        negative_prompt=source_recipe.negative,
        with_look=False,
        model=models.get(source_recipe.model.lower(), source_recipe.model),
        size="square",
        width=source_recipe.width or inspected.width,
        height=source_recipe.height or inspected.height,
        steps=source_recipe.steps,
        cfg=source_recipe.cfg,
        sampler=source_recipe.sampler,
        seeds=[source_recipe.seed],
        loras=[
            LoraRef(lora_id=lora.id if (lora := loras_by_name.get(name.lower())) else "", name=name, weight=weight)
            for name, weight in source_recipe.loras
        ],
        ai_mark=ai_mark,
    )


def _notes(inspected: InspectedPicture, loras_by_name: dict[str, Lora], models: dict[str, str]) -> list[str]:
    """Remarks about the file, as sentences."""
    source_recipe = inspected.recipe
    missing = [name for name, _ in source_recipe.loras if name.lower() not in loras_by_name]
    notes = [*source_recipe.notes, *(note["sentence"] for note in inspected.notes)]
    if missing:
        notes.append(tr_lazy("Not in the library: LoRA {names}.", names=", ".join(missing[:5])))
    if source_recipe.model and source_recipe.model.lower() not in models:
        notes.append(tr_lazy("The studio has no model called {model}.", model=source_recipe.model))
    return notes
