"""The job that draws: each picture is kept the moment it is there, and one that is there is never drawn again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, generation, loras, workflows
from backend.assets import AssetCard
from backend.db.pipelining import execute_pipelined, insert_stmt
from backend.db.tables import Picture, PictureLora
from backend.engines.events import DeviceReleased, Event, Output, Progress
from backend.engines.image.port import ImageRequest, LoraUse
from backend.engines.relay import relayed
from backend.errors import Invalid
from backend.generation import forecast, identity_gate
from backend.generation.digital_source_type import META, source_type
from backend.generation.gallery import shape_of
from backend.generation.identity_gate import GateContext
from backend.generation.queries import existing
from backend.generation.recipe import ImageOverrides, LoraRef, Recipe, batch_by_model
from backend.generation.schemas import GenerationCard, GenerationPayload
from backend.generation.sheets import run as sheet
from backend.generation.upscale import run as upscale
from backend.jobs.context import JobContext, WaitForChildren
from backend.kit.ids import new_id
from backend.loras import LoraCard
from backend.media.images.ai_mark import deliver_png
from backend.media.images.picture_hash import bands, dhash
from backend.media.images.pictures import decoded
from backend.workflows import WorkflowCard

__all__ = ["run", "sheet", "upscale"]
A_ROUND = 8
"""Pictures the engine is asked for at once."""
A_TURN_S = 60.0
"""After this long the job steps aside between two rounds: others get a turn, and no deadline counts against a long list."""


@dataclass(frozen=True, slots=True)
class _Files:
    """What a request needs on disk: looked up in one transaction, fetched outside it. `loras`, `inits`: by id.

    `source_types`: of what is drawn from a picture, by what `_from` says of a recipe.
    """

    loras: dict[str, tuple[LoraCard, AssetCard]]
    inits: dict[str, AssetCard]
    mask: AssetCard | None
    source_types: dict[tuple[str, float], str]
    pose: AssetCard | None = None
    workflow: WorkflowCard | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """A request as the job goes through it: one recipe for each picture, `rounds`: the numbers of those not yet there."""

    card: GenerationCard
    recipes: list[Recipe]
    shots: list[ImageOverrides]
    rounds: list[list[int]]
    files: _Files


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """Result: how many pictures the request has now."""
    ends = time.monotonic() + A_TURN_S
    with ctx.transaction() as tx:
        batch = _batch(tx, payload.generation_id)
        keeper = identity_gate.gate_context(tx, ctx, batch.card, list(batch.files.loras.values()))
    _say_what(ctx, batch)
    _draw_missing(ctx, batch, keeper, ends)
    while not ctx.completed and (grown := identity_gate.more(ctx, keeper, batch.card)):
        with ctx.transaction() as tx:
            batch = _batch(tx, grown.id)
        _say_what(ctx, batch, more=True)
        _draw_missing(ctx, batch, keeper, ends)
    if not ctx.completed:
        with ctx.transaction() as tx:
            _close(tx, ctx, batch, keeper)
    return _result(batch)


def _say_what(ctx: JobContext, batch: _Batch, *, more: bool = False) -> None:
    """What is about to be drawn; `more`: besides what was said before."""
    engine, missing = ctx.app.engines.image, [batch.recipes[n] for numbers in batch.rounds for n in numbers]
    if not missing or batch.files.workflow:
        return
    cold = engine.loaded(ctx.device) != missing[0].model
    ctx.start_timing(forecast.work(missing, engine.models(), device=ctx.device, cold=cold, keeps_s=engine.keeps_s), more=more)


def _batch(tx: Session, generation_id: str) -> _Batch:
    card = generation.get(tx, generation_id)
    shots = generation.shots(tx, card.id, card.n)
    recipes = [card.recipe.of(shot) for shot in shots]
    missing = sorted(set(range(card.n)) - existing(tx, card.id))
    rounds = batch_by_model([(n, recipes[n]) for n in missing], A_ROUND)
    return _Batch(card, recipes, shots, rounds, _files(tx, card.recipe, [recipes[n] for n in missing]))


def _close(tx: Session, ctx: JobContext, batch: _Batch, keeper: GateContext) -> None:
    """What is left to write when all pictures are there."""
    identity_gate.settle(tx, ctx, keeper, batch.card)
    if ref := batch.card.recipe.workflow:
        workflows.record_trial(tx, ref.graph_id, batch.card.id)


def _result(batch: _Batch) -> dict[str, Any]:
    return {"pictures": batch.card.n}


def _draw_missing(ctx: JobContext, batch: _Batch, keeper: GateContext, ends: float) -> None:
    """Round by round. Raises Waiting once `ends` has passed: the job goes on where it stopped when it is its turn again."""
    # What an earlier attempt had submitted is of its first missing round.
    handles = [ctx.handle, *[None] * len(batch.rounds)]
    left = sum(batch.recipes[n].steps for numbers in batch.rounds for n in numbers)
    done = sum(recipe.steps for recipe in batch.recipes) - left
    for at, numbers in enumerate(batch.rounds):
        if at and time.monotonic() > ends:
            raise WaitForChildren
        last = at == len(batch.rounds) - 1 and not identity_gate.may_grow(keeper, batch.card)
        _draw(ctx, batch, numbers, done, handles[at], keeper, last=last)
        done += sum(batch.recipes[n].steps for n in numbers)


def _draw(
    ctx: JobContext,
    batch: _Batch,
    numbers: list[int],
    done: int,
    handle: dict[str, Any] | None,
    keeper: GateContext,
    *,
    last: bool,
) -> None:
    """`last`: the job is done with the last of `numbers`."""
    events = ctx.app.engines.image.run(_request(ctx, batch, numbers), handle)
    share, total = (sum(batch.recipes[n].steps for n in some) for some in (numbers, range(batch.card.n)))
    left, intents = set(numbers), dict[int, str]()

    def each(event: Event) -> Iterator[Event]:
        if not intents and isinstance(event, Progress) and event.total:  # while the engine draws there is time
            with ctx.transaction() as tx:
                intents.update(assets.intend_outputs(tx, ctx, numbers))
        yield from _overall(event, done, share, total, last=last)

    for event in ctx.pump(relayed(events, each)):
        if isinstance(event, Output):
            n = numbers[event.n]
            left.discard(n)
            closes = last and not left
            keep = partial(_keep, ctx, batch, n, event, keeper, intents.get(n), closes=closes)
            ctx.step(f"picture-{n}", keep, keep_handle=True, ends_with=_result(batch) if closes else None)


def _overall(event: Event, done: int, share: int, total: int, *, last: bool) -> Iterator[Event]:
    """One round's progress as part of the whole request's, so that the time left is that of the request.

    The card is kept until the `last` round: what comes after it needs none.
    """
    if isinstance(event, Progress) and event.total:
        yield Progress(done + event.done * share // event.total, total, event.phase)
    elif last or not isinstance(event, DeviceReleased):
        yield event


def _keep(
    ctx: JobContext, batch: _Batch, n: int, made: Output, keeper: GateContext, asset_id: str | None, *, closes: bool
) -> Callable[[Session], dict[str, Any]]:
    """Bytes first, then the row that makes them a picture, with its score: nobody sees it before it is judged.

    `closes`: it is the request's last.
    """
    card, recipe = batch.card, batch.recipes[n]
    clean = made.path.with_name(f"deliver-{n}.png")
    made_of = batch.files.source_types[_from(recipe)]
    deliver_png(made.path, clean, mark=recipe.ai_mark, source_type=made_of)
    picture = made.picture or decoded(clean)
    with ThreadPoolExecutor(1) as aside:
        looking = aside.submit(dhash, picture)
        verdict = identity_gate.look(ctx, keeper, recipe, clean)
        name, meta = f"{card.id}-{n + 1}.png", {META: made_of}
        sent = assets.send_outputs(ctx, clean, filename=name, n=n, meta=meta, picture=picture, asset_id=asset_id)
    look = looking.result()
    made.path.unlink(missing_ok=True)
    clean.unlink(missing_ok=True)

    def write(tx: Session) -> dict[str, Any]:
        row = _row(tx, batch, n, sent, look)
        identity_gate.apply_score(row, keeper, verdict)
        used = [insert_stmt(PictureLora(picture_id=row.id, lora_id=ref.lora_id, weight=ref.weight)) for ref in recipe.loras]
        frozen = identity_gate.snapshot(row, keeper, recipe, verdict)
        execute_pipelined(tx, [*sent.statements("picture", row.id), insert_stmt(row), *used, frozen])
        if closes:
            _close(tx, ctx, batch, keeper)
        return {"picture_id": row.id}

    return write


def _row(tx: Session, batch: _Batch, n: int, drawn: assets.StoredOutput, look: str) -> Picture:
    card, recipe, file = batch.card, batch.recipes[n], drawn.uploaded.file
    row = Picture(id=new_id("pic"), generation_id=card.id, n=n, asset_id=drawn.asset_id, influencer_id=card.influencer_id)
    row.seed, row.prompt, row.shot = recipe.seeds[n], recipe.prompt, batch.shots[n].plain()
    row.model, row.shape = recipe.model, shape_of(file.width or recipe.width, file.height or recipe.height)
    row.dhash, row.bands = look, bands(look, tx.info["tenant_id"])
    return row


def _files(tx: Session, recipe: Recipe, missing: list[Recipe]) -> _Files:
    refs = {ref.lora_id: ref.name for one in missing for ref in one.loras}
    found = loras.get_many(tx, list(refs))
    if gone := [name for lora_id, name in refs.items() if lora_id not in found]:
        raise Invalid(f"The LoRA {gone[0]} was deleted from the library. Ask for these pictures again without it.")
    files = assets.get_many(tx, [card.asset_id for card in found.values()])
    inits = {one: assets.get(tx, one) for one in {one.init_asset_id for one in missing} if one}
    mask = assets.get(tx, recipe.mask_asset_id) if recipe.mask_asset_id else None
    each = {_from(one): one for one in missing}
    made_of = {found: source_type(tx, one, inits.get(found[0])) for found, one in each.items()}
    pose = assets.get(tx, recipe.pose.asset_id) if recipe.pose else None
    workflow = workflows.get(tx, recipe.workflow.graph_id) if recipe.workflow else None
    with_files = {lora_id: (card, files[card.asset_id]) for lora_id, card in found.items()}
    return _Files(with_files, inits, mask, made_of, pose, workflow)


def _from(recipe: Recipe) -> tuple[str, float]:
    return recipe.init_asset_id or "", recipe.strength


def _request(ctx: JobContext, batch: _Batch, numbers: list[int]) -> ImageRequest:
    """All of `numbers` have the same model, LoRAs and figures."""
    recipe, files, out = batch.recipes[numbers[0]], batch.files, ctx.workdir / "out"
    init = files.inits.get(recipe.init_asset_id or "")
    out.mkdir(parents=True, exist_ok=True)
    prompts = tuple(batch.recipes[n].prompt for n in numbers)
    if files.workflow:
        workflows.check_usable(files.workflow, allowed=ctx.app.settings.allowed_classes)
    return ImageRequest(
        model=recipe.model,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        seeds=tuple(recipe.seeds[n] for n in numbers),
        workdir=out,
        loras=tuple(_lora(ctx, files, ref) for ref in recipe.loras),
        init_image=_fetched(ctx, init, f"init-{init.id}{Path(init.key).suffix}") if init else None,
        strength=recipe.strength,
        prompts=prompts if len(set(prompts)) > 1 else (),
        mask=_fetched(ctx, files.mask, "mask" + Path(files.mask.key).suffix) if files.mask else None,
        feather=recipe.feather,
        device=ctx.device,
        pose=_fetched(ctx, files.pose, "pose" + Path(files.pose.key).suffix) if files.pose else None,
        pose_drawn=bool(recipe.pose and recipe.pose.drawn),
        pose_strength=recipe.pose.strength if recipe.pose else 0.9,
        hires=recipe.second_pass.scale if recipe.second_pass else 1.0,
        hires_strength=recipe.second_pass.strength if recipe.second_pass else 0.5,
        workflow=files.workflow.workflow if files.workflow else None,
    )


def _lora(ctx: JobContext, files: _Files, ref: LoraRef) -> LoraUse:
    card, asset = files.loras[ref.lora_id]
    return LoraUse(card.name, _fetched(ctx, asset, f"{card.id}.safetensors"), ref.weight)


def _fetched(ctx: JobContext, asset: AssetCard, name: str) -> Path:
    """Once an attempt, however many rounds need it."""
    path = ctx.workdir / name
    if not path.exists():
        part = path.with_name(f"{name}.part")
        assets.fetch(ctx.app.storage, asset, part)
        part.replace(path)
    ctx.check()
    return path
