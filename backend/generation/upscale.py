"""Making a picture larger: a request of its own, whose one picture names the one it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, jobs
from backend.db.tables import Generation, Picture, PictureLora
from backend.engines.events import Output
from backend.engines.image import sizes
from backend.engines.image.port import ModelCard
from backend.engines.upscale.port import UpscaleCard, UpscaleRequest
from backend.errors import Invalid, NotFound
from backend.generation import identity_gate
from backend.generation.assembly import choose_model
from backend.generation.digital_source_type import META, inherited
from backend.generation.gallery import picture, shape_of
from backend.generation.queries import existing, get, remix
from backend.generation.recipe import Upscaled
from backend.generation.schemas import GenerationCard, GenerationDraft, GenerationPayload, PictureCard
from backend.jobs import Duration, Work
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.media.images.ai_mark import SOURCE_TYPE, deliver_png
from backend.media.images.picture_hash import bands, dhash_of

REFINE_STRENGTH = 0.35
RESAMPLED = "resample"
UPSCALE_S, UPSCALE_MPX_S = 0.8, 0.4
"""Resampling on two quiet processor cores: to begin and to keep it, and a million pixels of the result."""


def enlarge(
    tx: Session, picture_id: str, *, scale: int, models: Sequence[UpscaleCard], request_key: str, model: str = ""
) -> GenerationCard:
    """Asks for `scale` times both sides. `models`: `app.engines.upscaler.models()`. Raises Invalid, NotFound."""
    if first := jobs.find_by_key(tx, request_key):
        return get(tx, first.subject_id)
    card = picture(tx, picture_id)
    if card.deleted_at:
        raise NotFound("This picture was deleted. Bring it back first.")
    how = next((one for one in models if model in ("", one.name)), None)
    if how is None or scale not in how.scales:
        raise Invalid("There is no such way to make a picture larger. Choose one that is offered.")
    size = {"width": card.width * scale, "height": card.height * scale}
    upscaled = Upscaled(picture_id=card.id, scale=scale, model=how.name, detail=how.detail)
    # Somebody's own picture becomes partly a model's where that draws detail into it.
    marked = card.recipe.ai_mark or (card.source == "imported" and how.detail)
    more = {"seeds": [card.seed], "redrawn": 0, "upscaled": upscaled, "ai_mark": marked}
    recipe = card.recipe.model_copy(update={**more, **size})
    row = Generation(id=new_id("gen"), influencer_id=card.influencer_id, recipe=recipe.model_dump(), form="upscale")
    row.created_by = tx.info["user_id"]
    job = jobs.enqueue(
        tx,
        kind="image-upscale-gpu" if how.device else "image-upscale",
        payload=GenerationPayload(generation_id=row.id),
        title=f"{scale}× larger: {card.prompt[:60]}",
        request_key=request_key,
        subject=("generation", row.id),
    )
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    assets.use(tx, card.asset_id, "generation", row.id)
    return get(tx, row.id)


def enlarging_takes(tx: Session, card: PictureCard, *, scale: int, model: str) -> Duration | None:
    """How long `enlarge` will take; None: this upscaler was never used here."""
    return jobs.estimate(tx, _work(card.width * scale, card.height * scale, model))


def _work(width: int, height: int, model: str) -> Work:
    """Of a picture that large in the end."""
    mpx = width * height / 1e6
    return Work("upscale", model, UPSCALE_S + UPSCALE_MPX_S * mpx, measured=model == RESAMPLED)


def redraw_larger(tx: Session, picture_id: str, *, models: Sequence[ModelCard]) -> GenerationDraft | None:
    """The form for drawing a picture once more, from itself, as large as its model can; None when it is that large already."""
    card = picture(tx, picture_id)
    try:
        model = choose_model(models, card.recipe.model)
    except Invalid:
        return None
    factor = max(model.longest_px, model.side) / max(card.width, card.height)
    width, height = sizes.fit(model, round(card.width * factor), round(card.height * factor))
    if width * height <= card.width * card.height:
        return None
    draft = remix(tx, picture_id, new_seed=False)
    start = {"init_asset_id": card.asset_id, "mask_asset_id": None, "strength": REFINE_STRENGTH}
    return draft.model_copy(update={**start, "width": width, "height": height})


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """The job. Result: how many pictures the request has now."""
    with ctx.transaction() as tx:
        card = get(tx, payload.generation_id)
        if existing(tx, card.id):
            return {"pictures": 1}
        said = card.recipe.upscaled
        assert said is not None
        source = assets.get(tx, picture(tx, said.picture_id).asset_id)
    ctx.start_timing(_work(card.recipe.width, card.recipe.height, said.model))
    path = ctx.workdir / "picture.png"
    assets.fetch(ctx.app.storage, source, path)
    request = UpscaleRequest(said.model, path, said.scale, ctx.workdir, ctx.device)
    for event in ctx.pump(ctx.app.engines.upscaler.run(request, ctx.handle)):
        if isinstance(event, Output):
            ctx.step("picture-0", partial(_keep, ctx, card, event))
    return {"pictures": 1}


def _keep(ctx: JobContext, card: GenerationCard, made: Output) -> Callable[[Session], dict[str, Any]]:
    """Bytes first, then the row that makes them a picture; its score is that of the picture it came from."""
    clean = made.path.with_name("deliver.png")
    with ctx.transaction() as tx:
        made_of = inherited(tx, card.recipe.upscaled.picture_id) if card.recipe.upscaled else SOURCE_TYPE
    deliver_png(made.path, clean, mark=card.recipe.ai_mark, source_type=made_of)
    look = dhash_of(clean)
    sent, recipe = assets.send_outputs(ctx, clean, filename=f"{card.id}.png", meta={META: made_of}), card.recipe

    def write(tx: Session) -> dict[str, Any]:
        stored = sent(tx)
        source = tx.get_one(Picture, recipe.upscaled.picture_id) if recipe.upscaled else None
        row = Picture(id=new_id("pic"), generation_id=card.id, n=0, asset_id=stored.id, influencer_id=card.influencer_id)
        row.seed, row.prompt, row.model = recipe.seeds[0], recipe.prompt, recipe.model
        row.shape = shape_of(stored.width or recipe.width, stored.height or recipe.height)
        row.dhash, row.bands = look, bands(look, ctx.tenant_id)
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

    return write
