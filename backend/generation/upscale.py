"""Upscaling a picture: a request with one picture, whose recipe names the picture it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, jobs
from backend.assets import AssetCard
from backend.db.tables import Generation, Picture, PictureLora
from backend.engines.ports.events import Output
from backend.engines.ports.image import ModelCard, fit_size
from backend.engines.ports.upscale import UpscaleCard, UpscaleRequest
from backend.errors import Invalid, NotFound
from backend.generation import identity_gate
from backend.generation.assembly import choose_model
from backend.generation.pictures import picture, shape_of
from backend.generation.queries import SOURCE_META, drawn_pictures, get, inherited_source_type, remix, result_of
from backend.generation.recipe import Upscaled
from backend.generation.schemas import GenerationCard, GenerationDraft, GenerationPayload, PictureCard
from backend.jobs import Duration, Work
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.media.images.ai_mark import SOURCE_TYPE, deliver_png
from backend.media.images.picture_hash import bands, dhash_of

REFINE_STRENGTH = 0.35
RESAMPLED = "resample"
UPSCALE_S, UPSCALE_MPX_S = 0.8, 0.4
"""Seconds that resampling takes on two idle processor cores: fixed costs, and per million pixels of the result."""


def start_upscale(
    tx: Session, picture_id: str, *, scale: int, models: Sequence[UpscaleCard], request_key: str, model: str = ""
) -> GenerationCard:
    """Enqueues an upscale to `scale` times both sides. `models`: `app.engines.upscaler.models()`. Raises Invalid, NotFound."""
    if first_job := jobs.find_by_key(tx, request_key):
        return get(tx, first_job.subject_id)
    card = picture(tx, picture_id)
    if card.deleted_at:
        raise NotFound(tr_lazy("This picture was deleted. Restore it first."))
    upscaler = next((offered for offered in models if model in ("", offered.name)), None)
    if upscaler is None or scale not in upscaler.scales:
        raise Invalid(tr_lazy("This way of upscaling does not exist. Choose one that is offered."))
    size = {"width": card.width * scale, "height": card.height * scale}
    upscaled = Upscaled(picture_id=card.id, scale=scale, model=upscaler.name, detail=upscaler.detail)
    # An imported picture counts as AI-edited only when the upscaler draws detail of its own.
    marked = card.recipe.ai_mark or (card.source == "imported" and upscaler.detail)
    changes = {"seeds": [card.seed], "redrawn": 0, "upscaled": upscaled, "ai_mark": marked}
    recipe = card.recipe.model_copy(update={**changes, **size})
    row = Generation(id=new_id("gen"), influencer_id=card.influencer_id, recipe=recipe.model_dump(), form="upscale")
    row.created_by = tx.info["user_id"]
    job = jobs.enqueue(
        tx,
        kind="image-upscale-gpu" if upscaler.device else "image-upscale",
        payload=GenerationPayload(generation_id=row.id),
        title=tr_lazy("{scale}× larger: {prompt}", scale=scale, prompt=card.prompt[:60]),
        request_key=request_key,
        subject=("generation", row.id),
    )
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    assets.use(tx, card.asset_id, "generation", row.id)
    return get(tx, row.id)


def estimate_upscale(tx: Session, card: PictureCard, *, scale: int, model: str) -> Duration | None:
    """How long `start_upscale` will take; None: this upscaler was never used here."""
    return jobs.estimate(tx, _work(card.width * scale, card.height * scale, model))


def _work(width: int, height: int, model: str) -> Work:
    """The work of an upscale. `width`, `height`: of the result in px."""
    mpx = width * height / 1e6
    return Work("upscale", model, UPSCALE_S + UPSCALE_MPX_S * mpx, measured=model == RESAMPLED)


def larger_redraw_draft(tx: Session, picture_id: str, *, models: Sequence[ModelCard]) -> GenerationDraft | None:
    """A draft that draws the picture again from itself, as large as its model can; None when it is that large already."""
    card = picture(tx, picture_id)
    try:
        model = choose_model(models, card.recipe.model)
    except Invalid:
        return None
    factor = max(model.longest_px, model.side) / max(card.width, card.height)
    width, height = fit_size(model, round(card.width * factor), round(card.height * factor))
    if width * height <= card.width * card.height:
        return None
    draft = remix(tx, picture_id, new_seed=False)
    init_values = {"init_asset_id": card.asset_id, "mask_asset_id": None, "strength": REFINE_STRENGTH}
    return draft.model_copy(update={**init_values, "width": width, "height": height})


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """The job. Result: how many pictures the request has now."""
    with ctx.transaction() as tx:
        card = get(tx, payload.generation_id)
        if drawn := drawn_pictures(tx, card.id):
            return result_of(drawn.values(), 1)
        upscaled = card.recipe.upscaled
        assert upscaled is not None
        source = assets.get(tx, picture(tx, upscaled.picture_id).asset_id)
    ctx.start_timing(_work(card.recipe.width, card.recipe.height, upscaled.model))
    path = ctx.workdir / "picture.png"
    assets.fetch(ctx.app.storage, source, path)
    request = UpscaleRequest(upscaled.model, path, upscaled.scale, ctx.workdir, ctx.device)
    for event in ctx.pump(ctx.app.engines.upscaler.run(request, ctx.handle)):
        if isinstance(event, Output):
            _store_picture(ctx, card, source, event)
    with ctx.transaction() as tx:
        return result_of(drawn_pictures(tx, card.id).values(), 1)


def _store_picture(ctx: JobContext, card: GenerationCard, source: AssetCard, output: Output) -> None:
    """Stores the larger picture as a step."""
    ctx.write_step(
        "picture-0",
        lambda: _upload_picture(ctx, card, source, output),
        lambda tx, uploaded: _write_picture(tx, card, *uploaded),
    )


def _upload_picture(
    ctx: JobContext, card: GenerationCard, source: AssetCard, output: Output
) -> tuple[assets.StoredOutput, str]:
    """Uploads the marked file; returns it and its difference hash. Its face is where that of `source` is."""
    clean = output.path.with_name("deliver.png")
    with ctx.transaction() as tx:
        source_type = inherited_source_type(tx, card.recipe.upscaled.picture_id) if card.recipe.upscaled else SOURCE_TYPE
    meta = {SOURCE_META: source_type, **{name: source.meta[name] for name in (assets.FACE_META,) if name in source.meta}}
    deliver_png(output.path, clean, mark=card.recipe.ai_mark, source_type=source_type)
    dhash = dhash_of(clean)
    return assets.send_outputs(ctx, clean, filename=f"{card.id}.png", meta=meta), dhash


def _write_picture(tx: Session, card: GenerationCard, output: assets.StoredOutput, dhash: str) -> dict[str, Any]:
    """Its score and gate are those of the picture it came from."""
    recipe, stored = card.recipe, output.confirm(tx)
    source = tx.get_one(Picture, recipe.upscaled.picture_id) if recipe.upscaled else None
    row = Picture(id=new_id("pic"), generation_id=card.id, n=0, asset_id=stored.id, influencer_id=card.influencer_id)
    row.seed, row.prompt, row.model = recipe.seeds[0], recipe.prompt, recipe.model
    row.shape = shape_of(stored.width or recipe.width, stored.height or recipe.height)
    row.dhash, row.bands = dhash, bands(dhash, tx.info["tenant_id"])
    if source:
        row.rating, row.gate = source.rating, source.gate
        row.identity_score, row.identity_line = source.identity_score, source.identity_line
    tx.add(row)
    tx.flush()
    if source:
        identity_gate.inherit(tx, row, source.id)
    tx.add_all(PictureLora(picture_id=row.id, lora_id=ref.lora_id, weight=ref.weight) for ref in recipe.loras)
    assets.use(tx, stored.id, "picture", row.id)
    return {"picture_id": row.id}
