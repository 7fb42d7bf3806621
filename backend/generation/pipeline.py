"""The job that draws: each picture is kept the moment it is there, and one that is there is never drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, generation, loras
from backend.assets import AssetCard
from backend.engines.events import Output
from backend.engines.image.port import ImageRequest, LoraUse
from backend.errors import Invalid
from backend.generation import gating
from backend.generation.gallery import shape_of
from backend.generation.gating import Gatekeeper
from backend.generation.queries import existing
from backend.generation.schemas import GenerationCard, GenerationPayload, LoraRef
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.loras import LoraCard
from backend.tables import Picture, PictureLora
from backend.tools.ai_mark import deliver_png
from backend.tools.picture_hash import bands, dhash_of


@dataclass(frozen=True, slots=True)
class _Files:
    """What a request needs on disk: looked up in one transaction, fetched outside it."""

    loras: list[tuple[LoraRef, LoraCard, AssetCard]]
    init: AssetCard | None


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """Result: how many pictures the request has now."""
    with ctx.transaction() as tx:
        card = generation.get(tx, payload.generation_id)
        files = _files(tx, card)
        keeper = gating.gatekeeper(tx, ctx, card, [(lora, asset) for _, lora, asset in files.loras])
    _draw_missing(ctx, card, files, keeper)
    while grown := gating.more(ctx, keeper, card):
        card = grown
        _draw_missing(ctx, card, files, keeper)
    gating.settle(ctx, keeper, card)
    return {"pictures": card.n}


def _draw_missing(ctx: JobContext, card: GenerationCard, files: _Files, keeper: Gatekeeper) -> None:
    with ctx.transaction() as tx:
        missing = sorted(set(range(card.n)) - existing(tx, card.id))
    if missing:
        _draw(ctx, card, missing, files, keeper)


def _draw(ctx: JobContext, card: GenerationCard, missing: list[int], files: _Files, keeper: Gatekeeper) -> None:
    request = _request(ctx, card, missing, files)
    # A handle names work submitted for all seeds: it is of no use once some of its pictures are kept.
    handle = ctx.handle if len(missing) == card.n else None
    for event in ctx.pump(ctx.app.engines.image.run(request, handle)):
        if isinstance(event, Output):
            n = missing[event.n]
            ctx.step(f"picture-{n}", partial(_keep, ctx, card, n, event.path, keeper))


def _keep(ctx: JobContext, card: GenerationCard, n: int, path: Path, keeper: Gatekeeper) -> dict[str, Any]:
    """Bytes first, then the row that makes them a picture, with its score: nobody sees it before it is judged."""
    clean = path.with_name(f"deliver-{n}.png")
    deliver_png(path, clean, mark=card.recipe.ai_mark)
    look, verdict = dhash_of(clean), gating.look(ctx, keeper, card.recipe, clean)
    stored = assets.store(
        ctx.transaction,
        ctx.app.storage,
        path=clean,
        kind="image",
        key=assets.key_for("image", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=n),
        content_type="image/png",
        filename=f"{card.id}-{n + 1}.png",
        job_id=ctx.job_id,
        attempt_id=ctx.attempt_id,
        thumbs=True,
    )
    with ctx.transaction() as tx:
        row = _row(tx, card, n, stored.id, look)
        gating.stamp(row, keeper, verdict)
        _add(tx, card, row)
        gating.freeze(tx, row, keeper, card.recipe, verdict)
    path.unlink(missing_ok=True)
    clean.unlink(missing_ok=True)
    return {"picture_id": row.id}


def _row(tx: Session, card: GenerationCard, n: int, asset_id: str, look: str) -> Picture:
    recipe = card.recipe
    row = Picture(id=new_id("pic"), generation_id=card.id, n=n, asset_id=asset_id, influencer_id=card.influencer_id)
    row.seed, row.prompt = recipe.seeds[n], recipe.prompt
    row.model, row.shape = recipe.model, shape_of(recipe.width, recipe.height)
    row.dhash, row.bands = look, bands(look, tx.info["tenant_id"])
    return row


def _add(tx: Session, card: GenerationCard, row: Picture) -> None:
    tx.add(row)
    tx.flush()
    tx.add_all(PictureLora(picture_id=row.id, lora_id=ref.lora_id, weight=ref.weight) for ref in card.recipe.loras)
    assets.use(tx, row.asset_id, "picture", row.id)


def _files(tx: Session, card: GenerationCard) -> _Files:
    refs = card.recipe.loras
    found = loras.get_many(tx, [ref.lora_id for ref in refs])
    if gone := [ref.name for ref in refs if ref.lora_id not in found]:
        raise Invalid(f"The LoRA {gone[0]} was deleted from the library. Ask for these pictures again without it.")
    chosen = [(ref, found[ref.lora_id], assets.get(tx, found[ref.lora_id].asset_id)) for ref in refs]
    return _Files(chosen, assets.get(tx, card.recipe.init_asset_id) if card.recipe.init_asset_id else None)


def _request(ctx: JobContext, card: GenerationCard, missing: list[int], files: _Files) -> ImageRequest:
    recipe, out = card.recipe, ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    init = _fetched(ctx, files.init, "init" + Path(files.init.key).suffix) if files.init else None
    return ImageRequest(
        model=recipe.model,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        seeds=tuple(recipe.seeds[n] for n in missing),
        workdir=out,
        loras=tuple(
            LoraUse(lora.name, _fetched(ctx, asset, f"{lora.id}.safetensors"), ref.weight) for ref, lora, asset in files.loras
        ),
        init_image=init,
        strength=recipe.strength,
    )


def _fetched(ctx: JobContext, asset: AssetCard, name: str) -> Path:
    path = ctx.workdir / name
    assets.fetch(ctx.app.storage, asset, path)
    ctx.check()
    return path
