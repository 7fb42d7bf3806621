"""The job that draws: each picture is stored as soon as it is drawn, and a stored one is never drawn again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from backend import assets, generation, loras, workflows
from backend.assets import AssetCard
from backend.db.tables import Picture, PictureLora
from backend.engines.ports.events import DeviceReleased, Event, Output, Progress, forward_events
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.errors import Invalid
from backend.generation import forecast, identity_gate
from backend.generation.identity_gate import GateContext
from backend.generation.pictures import shape_of
from backend.generation.queries import SOURCE_META, drawn_pictures, result_of, source_type
from backend.generation.recipe import ImageOverrides, LoraRef, PictureRecipe, batch_by_model
from backend.generation.schemas import DrawnPicture, GenerationCard, GenerationPayload
from backend.generation.sheets import run as sheet
from backend.generation.upscale import run as upscale
from backend.identity import IdentityScore
from backend.jobs.context import JobContext, WaitForChildren
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.loras import LoraCard
from backend.media.images import faces
from backend.media.images.ai_mark import deliver_png
from backend.media.images.picture_hash import bands, dhash
from backend.media.images.pictures import open_rgb
from backend.workflows import WorkflowCard

__all__ = ["run", "sheet", "upscale"]
PICTURES_PER_ROUND = 8
"""Most pictures in one call of the engine."""
MAX_TURN_S = 60.0
"""After this long the job goes back to the queue between two rounds, so that other jobs get a turn and a long list does not
reach the job's deadline."""


@dataclass(frozen=True, slots=True)
class _Files:
    """What a request needs on disk: looked up in one transaction, fetched outside it. `loras`, `inits`: by id.

    `source_types`: digital source types of the pictures, by `_init_key` of their recipes.
    """

    loras: dict[str, tuple[LoraCard, AssetCard]]
    inits: dict[str, AssetCard]
    mask: AssetCard | None
    source_types: dict[tuple[str, float], str]
    pose: AssetCard | None = None
    workflow: WorkflowCard | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """A request while it is drawn. `recipes`, `overrides`: one for each picture; `rounds`: numbers of missing pictures, by
    call. `drawn`: the others, and each missing one as soon as it is stored."""

    card: GenerationCard
    recipes: list[PictureRecipe]
    overrides: list[ImageOverrides]
    rounds: list[list[int]]
    files: _Files
    drawn: dict[int, DrawnPicture]


@dataclass(frozen=True, slots=True)
class _UploadedPicture:
    """A drawn picture whose bytes are stored, before its row is written."""

    output: assets.StoredOutput
    dhash: str
    score: IdentityScore


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """Result: how many pictures the request has now, and which files they are (`result_of`)."""
    deadline = time.monotonic() + MAX_TURN_S
    with ctx.transaction() as tx:
        batch = _batch(tx, payload.generation_id)
        gate = identity_gate.gate_context(tx, ctx, batch.card, list(batch.files.loras.values()))
    _start_timing(ctx, batch)
    _draw_missing(ctx, batch, gate, deadline)
    while not ctx.completed and (extended := identity_gate.add_replacements(ctx, gate, batch.card)):
        with ctx.transaction() as tx:
            batch = _batch(tx, extended.id)
        _start_timing(ctx, batch, more=True)
        _draw_missing(ctx, batch, gate, deadline)
    if not ctx.completed:
        with ctx.transaction() as tx:
            _close_request(tx, ctx, batch, gate)
    _find_faces(ctx, batch)
    return _result(batch)


def _start_timing(ctx: JobContext, batch: _Batch, *, more: bool = False) -> None:
    """Starts the estimate of the time left; `more`: adds to the running one."""
    engine, missing = ctx.app.engines.image, [batch.recipes[n] for numbers in batch.rounds for n in numbers]
    if not missing or batch.files.workflow:
        return
    cold = engine.loaded(ctx.device) != missing[0].model
    ctx.start_timing(
        forecast.drawing_work(missing, engine.models(), device=ctx.device, cold=cold, keeps_s=engine.keeps_s), more=more
    )


def _batch(tx: Session, generation_id: str) -> _Batch:
    card = generation.get(tx, generation_id)
    overrides = generation.image_overrides(tx, card.id, card.n)
    recipes = [card.recipe.with_overrides(override) for override in overrides]
    drawn = drawn_pictures(tx, card.id)
    missing = sorted(set(range(card.n)) - drawn.keys())
    rounds = batch_by_model([(n, recipes[n]) for n in missing], PICTURES_PER_ROUND)
    return _Batch(card, recipes, overrides, rounds, _files(tx, card.recipe, [recipes[n] for n in missing]), drawn)


def _close_request(tx: Session, ctx: JobContext, batch: _Batch, gate: GateContext) -> None:
    """Written when all pictures are stored: gate decisions, and that the workflow was tried."""
    identity_gate.close_request(tx, ctx, gate, batch.card)
    if ref := batch.card.recipe.workflow:
        workflows.record_trial(tx, ref.graph_id, batch.card.id)


def _result(batch: _Batch) -> dict[str, Any]:
    return result_of(batch.drawn.values(), batch.card.n)


def _draw_missing(ctx: JobContext, batch: _Batch, gate: GateContext, deadline: float) -> None:
    """Draws round by round. Raises WaitForChildren after `deadline` (monotonic seconds): the job is queued again and goes on
    where it stopped."""
    # An earlier attempt's handle belongs to the round that is the first missing one now.
    handles = [ctx.handle, *[None] * len(batch.rounds)]
    remaining_steps = sum(batch.recipes[n].steps for numbers in batch.rounds for n in numbers)
    done = sum(recipe.steps for recipe in batch.recipes) - remaining_steps
    for at, numbers in enumerate(batch.rounds):
        if at and time.monotonic() > deadline:
            _find_faces(ctx, batch)
            raise WaitForChildren
        last = at == len(batch.rounds) - 1 and not identity_gate.draws_replacements(gate, batch.card)
        _draw_round(ctx, batch, numbers, done, handles[at], gate, last=last)
        done += sum(batch.recipes[n].steps for n in numbers)


def _find_faces(ctx: JobContext, batch: _Batch) -> None:
    """Looks for the faces in what this attempt drew, for later crops. By then the pictures are shown and, unless it has a
    parent, the job is completed."""
    small_copies = {picture.asset_id: _small_copy(ctx, n) for n, picture in batch.drawn.items()}
    assets.find_faces(ctx, {asset_id: path for asset_id, path in small_copies.items() if path.exists()})


def _small_copy(ctx: JobContext, n: int) -> Path:
    """Where picture `n` waits to be looked at, as small as that needs."""
    return ctx.workdir / "faces" / f"{n}.png"


def _draw_round(
    ctx: JobContext,
    batch: _Batch,
    numbers: list[int],
    done: int,
    handle: dict[str, Any] | None,
    gate: GateContext,
    *,
    last: bool,
) -> None:
    """One call of the engine. `done`: steps drawn before, for the progress; `last`: the job ends with the last of `numbers`."""
    events = ctx.app.engines.image.run(_request(ctx, batch, numbers), handle)
    share, total = (sum(batch.recipes[n].steps for n in subset) for subset in (numbers, range(batch.card.n)))
    remaining, intents = set(numbers), dict[int, str]()

    def each(event: Event) -> Iterator[Event]:
        if (
            not intents and isinstance(event, Progress) and event.total
        ):  # announces the assets while the engine draws, which takes the round trip off the end
            with ctx.transaction() as tx:
                intents.update(assets.intend_outputs(tx, ctx, numbers))
        yield from _request_progress(event, done, share, total, last=last)

    for event in ctx.pump(forward_events(events, each)):
        if isinstance(event, Output):
            n = numbers[event.n]
            remaining.discard(n)
            _store_picture(ctx, batch, n, event, gate, intents.get(n), closes=last and not remaining)


def _request_progress(event: Event, done: int, share: int, total: int, *, last: bool) -> Iterator[Event]:
    """One round's progress as part of the whole request's, so that the time left is that of the request.

    DeviceReleased is passed on only in the `last` round: the rounds before still need the device.
    """
    if isinstance(event, Progress) and event.total:
        yield Progress(done + event.done * share // event.total, total, event.phase)
    elif last or not isinstance(event, DeviceReleased):
        yield event


def _store_picture(
    ctx: JobContext, batch: _Batch, n: int, output: Output, gate: GateContext, asset_id: str | None, *, closes: bool
) -> None:
    """Stores picture `n` as a step: it is not visible before it is scored.

    `asset_id`: its intent, if that was written while the engine drew. `closes`: it is the request's last picture, and the job
    is completed with it.
    """
    ctx.write_step(
        f"picture-{n}",
        lambda: _score_and_upload(ctx, batch, n, output, gate, asset_id),
        lambda tx, uploaded: _write_picture(tx, ctx, batch, n, gate, uploaded, closes=closes),
        keep_handle=True,
        job_result=(lambda: _result(batch)) if closes else None,
    )


def _score_and_upload(
    ctx: JobContext, batch: _Batch, n: int, output: Output, gate: GateContext, asset_id: str | None
) -> _UploadedPicture:
    """The hash is computed, and a small copy made, in a thread while the engine scores and the picture is sent."""
    recipe = batch.recipes[n]
    clean = output.path.with_name(f"deliver-{n}.png")
    picture_source_type = batch.files.source_types[_init_key(recipe)]
    deliver_png(output.path, clean, mark=recipe.ai_mark, source_type=picture_source_type)
    picture = output.picture or open_rgb(clean)
    with ThreadPoolExecutor(1) as hashing:
        hash_future = hashing.submit(_hash_and_copy, ctx, picture, n)
        score = identity_gate.score_picture(ctx, gate, recipe, clean)
        name, meta = f"{batch.card.id}-{n + 1}.png", {SOURCE_META: picture_source_type}
        stored = assets.send_outputs(ctx, clean, filename=name, n=n, meta=meta, picture=picture, asset_id=asset_id)
    picture_hash = hash_future.result()
    output.path.unlink(missing_ok=True)
    clean.unlink(missing_ok=True)
    return _UploadedPicture(stored, picture_hash, score)


def _hash_and_copy(ctx: JobContext, picture: Image.Image, n: int) -> str:
    """The difference hash of picture `n`; its small copy is written where faces are looked for."""
    if assets.searches_faces(ctx.app):
        faces.write_small(picture, _small_copy(ctx, n))
    return dhash(picture)


def _write_picture(
    tx: Session, ctx: JobContext, batch: _Batch, n: int, gate: GateContext, uploaded: _UploadedPicture, *, closes: bool
) -> dict[str, Any]:
    recipe, row = batch.recipes[n], _picture_row(tx, batch, n, uploaded)
    identity_gate.apply_score(row, gate, uploaded.score)
    lora_rows = [PictureLora(picture_id=row.id, lora_id=ref.lora_id, weight=ref.weight) for ref in recipe.loras]
    provenance = identity_gate.provenance_row(row, gate, recipe, uploaded.score)
    assets.write_output(tx, uploaded.output, [row, *lora_rows, provenance], noun="picture", noun_id=row.id)
    batch.drawn[n] = DrawnPicture(n, row.id, row.asset_id, uploaded.output.uploaded.file.key, row.gate)
    if closes:
        _close_request(tx, ctx, batch, gate)
    return {"picture_id": row.id}


def _picture_row(tx: Session, batch: _Batch, n: int, uploaded: _UploadedPicture) -> Picture:
    card, recipe, output = batch.card, batch.recipes[n], uploaded.output
    row = Picture(id=new_id("pic"), generation_id=card.id, n=n, asset_id=output.asset_id, influencer_id=card.influencer_id)
    row.seed, row.prompt, row.shot = recipe.seeds[n], recipe.prompt, batch.overrides[n].plain()
    file = output.uploaded.file
    row.model, row.shape = recipe.model, shape_of(file.width or recipe.width, file.height or recipe.height)
    row.dhash, row.bands = uploaded.dhash, bands(uploaded.dhash, tx.info["tenant_id"])
    return row


def _files(tx: Session, recipe: PictureRecipe, missing: list[PictureRecipe]) -> _Files:
    refs = {ref.lora_id: ref.name for item in missing for ref in item.loras}
    lora_cards = loras.get_many(tx, list(refs))
    if missing_names := [name for lora_id, name in refs.items() if lora_id not in lora_cards]:
        raise Invalid(
            tr_lazy(
                "The LoRA {missing_names} was deleted from the library. Ask for these pictures again without it.",
                missing_names=missing_names[0],
            )
        )
    files = assets.get_many(tx, [card.asset_id for card in lora_cards.values()])
    inits = {item: assets.get(tx, item) for item in {item.init_asset_id for item in missing} if item}
    mask = assets.get(tx, recipe.mask_asset_id) if recipe.mask_asset_id else None
    recipes_by_init = {_init_key(item): item for item in missing}
    source_types = {lora_cards: source_type(tx, item, inits.get(lora_cards[0])) for lora_cards, item in recipes_by_init.items()}
    pose = assets.get(tx, recipe.pose.asset_id) if recipe.pose else None
    workflow = workflows.get(tx, recipe.workflow.graph_id) if recipe.workflow else None
    with_files = {lora_id: (card, files[card.asset_id]) for lora_id, card in lora_cards.items()}
    return _Files(with_files, inits, mask, source_types, pose, workflow)


def _init_key(recipe: PictureRecipe) -> tuple[str, float]:
    return recipe.init_asset_id or "", recipe.strength


def _request(ctx: JobContext, batch: _Batch, numbers: list[int]) -> ImageRequest:
    """All of `numbers` have the same model, LoRAs and parameters (`batch_by_model`)."""
    recipe, files, out = batch.recipes[numbers[0]], batch.files, ctx.workdir / "out"
    init = files.inits.get(recipe.init_asset_id or "")
    out.mkdir(parents=True, exist_ok=True)
    prompts = tuple(batch.recipes[n].prompt for n in numbers)
    if files.workflow:
        workflows.check_usable(files.workflow, allowed=ctx.app.settings.engines.comfyui.allowed_classes)
    return ImageRequest(
        model=recipe.model,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        seeds=tuple(recipe.seeds[n] for n in numbers),
        workdir=out,
        loras=tuple(_lora_use(ctx, files, ref) for ref in recipe.loras),
        init_image=_fetch_once(ctx, init, f"init-{init.id}{Path(init.key).suffix}") if init else None,
        prompts=prompts if len(set(prompts)) > 1 else (),
        mask=_fetch_once(ctx, files.mask, "mask" + Path(files.mask.key).suffix) if files.mask else None,
        device=ctx.device,
        pose=_fetch_once(ctx, files.pose, "pose" + Path(files.pose.key).suffix) if files.pose else None,
        pose_drawn=bool(recipe.pose and recipe.pose.drawn),
        pose_strength=recipe.pose.strength if recipe.pose else 0.9,
        workflow=files.workflow.workflow if files.workflow else None,
        **recipe.params(),
    )


def _lora_use(ctx: JobContext, files: _Files, ref: LoraRef) -> LoraUse:
    card, asset = files.loras[ref.lora_id]
    return LoraUse(card.name, _fetch_once(ctx, asset, f"{card.id}.safetensors"), ref.weight)


def _fetch_once(ctx: JobContext, asset: AssetCard, name: str) -> Path:
    """Downloads the file once an attempt, however many rounds need it."""
    path = ctx.workdir / name
    if not path.exists():
        part = path.with_name(f"{name}.part")
        assets.fetch(ctx.app.storage, asset, part)
        part.replace(path)
    ctx.check()
    return path
