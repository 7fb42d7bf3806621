"""The job that draws a trial: a LoRA is loaded once per strength, a cell that is kept is never drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, comparisons
from backend.comparisons import rules
from backend.comparisons.queries import existing, get
from backend.comparisons.schemas import Arm, GridCell, TrialCard, TrialPayload
from backend.comparisons.scores import score
from backend.comparisons.service import NOUN
from backend.comparisons.sheet import make_grid
from backend.db.tables import TrainingCheckpoint, TrialCell
from backend.engines.events import Alive, DeviceReleased, Event, Output, Progress
from backend.engines.image.port import ImageRequest, LoraUse
from backend.engines.relay import relayed
from backend.errors import NotFound
from backend.jobs import Work
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.media.images.ai_mark import deliver_png
from backend.media.images.picture_hash import dhash_of


def run(ctx: JobContext, payload: TrialPayload) -> dict[str, Any]:
    """Draws what is missing, then scores all cells. Result: how many pictures the trial has."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
        have = existing(tx, card.id)
    missing = [spot for spot in rules.spots(card.plan) if spot.n not in have]
    engine = ctx.app.engines.image
    model, cost = card.plan.model, float(len(missing) * card.plan.sampling_steps)
    ctx.start_timing(
        Work("compare", model, cost, measured=False, cold=engine.loaded(ctx.device) != model, keeps_s=engine.keeps_s)
    )
    _draw(ctx, card, missing)
    ctx.step("scores", partial(score, ctx, card))
    return {"pictures": card.total}


def run_scores(ctx: JobContext, payload: TrialPayload) -> dict[str, Any]:
    """Scores the cells that are there, whatever they were scored before."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
    return score(ctx, card)


def run_grid(ctx: JobContext, payload: TrialPayload) -> dict[str, Any]:
    """The labelled grid as one PNG, kept as the trial's own. Result: its asset."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
        cells = comparisons.cells(tx, card.id)
    return make_grid(ctx, card, cells)


def _draw(ctx: JobContext, card: TrialCard, missing: Sequence[GridCell]) -> None:
    kept, each, handle = card.total - len(missing), card.plan.sampling_steps, ctx.handle
    for arm, spots in groupby(missing, key=lambda spot: spot.arm):
        wanted = list(spots)
        events = ctx.app.engines.image.run(_request(ctx, card, wanted, _loras(ctx, card, arm)), handle)
        before, handle = kept * each, None
        for event in ctx.pump(relayed(events, partial(_overall, before=before, total=card.total * each))):
            if isinstance(event, Output):
                spot = wanted[event.n]
                ctx.step(f"cell-{spot.n}", partial(_keep, ctx, card, spot, event.path), keep_handle=True)
        kept += len(wanted)


def _overall(event: Event, *, before: int, total: int) -> Iterator[Event]:
    """One request's progress as part of the whole trial's, so that the time left is that of the trial.

    The card is kept between two strengths.
    """
    match event:
        case Progress(phase="drawing"):
            yield Progress(before + event.done, total, "drawing")
        case Progress():
            yield Alive() if before else event
        case DeviceReleased():
            yield Alive()
        case _:
            yield event


def _keep(ctx: JobContext, card: TrialCard, spot: GridCell, path: Path) -> Callable[[Session], dict[str, Any]]:
    """Bytes first, then the row that makes them a cell."""
    clean = path.with_name(f"cell-{spot.n}.png")
    deliver_png(path, clean, mark=card.plan.ai_mark)
    sent, look = assets.send_outputs(ctx, clean, filename=_filename(card, spot), n=spot.n), dhash_of(clean)
    path.unlink(missing_ok=True)
    clean.unlink(missing_ok=True)

    def write(tx: Session) -> dict[str, Any]:
        get(tx, card.id, lock=True)  # deleted meanwhile: the bytes were only announced, and go by themselves
        stored = sent(tx)
        row = TrialCell(id=new_id("cell"), trial_id=card.id, n=spot.n, step=spot.arm.step, strength=spot.arm.strength)
        row.prompt_n, row.seed_n, row.asset_id, row.dhash = spot.prompt_n, spot.seed_n, stored.id, look
        tx.add(row)
        assets.use(tx, stored.id, NOUN, card.id)
        return {"cell_id": row.id}

    return write


def _filename(card: TrialCard, spot: GridCell) -> str:
    arm = "base" if spot.arm.control else f"step-{spot.arm.step}-at-{spot.arm.strength:g}"
    return assets.safe_name(f"{card.run_name}-{arm}-prompt-{spot.prompt_n + 1}-seed-{card.plan.seeds[spot.seed_n]}.png")


def _loras(ctx: JobContext, card: TrialCard, arm: Arm) -> tuple[LoraUse, ...]:
    """The checkpoint's file, fetched once for all its strengths."""
    if arm.control:
        return ()
    path = ctx.workdir / f"step-{arm.step}.safetensors"
    if not path.exists():
        with ctx.transaction() as tx:
            found = TrainingCheckpoint.run_id == card.run_id, TrainingCheckpoint.step == arm.step
            asset_id = tx.scalar(select(TrainingCheckpoint.asset_id).where(*found))
            if asset_id is None:
                raise NotFound(f"The checkpoint of step {arm.step} is gone. Start the comparison anew without it.")
            asset = assets.get(tx, asset_id)
        assets.fetch(ctx.app.storage, asset, path)
        ctx.check()
    return (LoraUse(f"{card.run_name} step {arm.step}", path, arm.strength),)


def _request(ctx: JobContext, card: TrialCard, wanted: Sequence[GridCell], loras: tuple[LoraUse, ...]) -> ImageRequest:
    plan, out = card.plan, ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    return ImageRequest(
        model=plan.model,
        prompt="",
        negative_prompt=plan.negative_prompt,
        width=plan.width,
        height=plan.height,
        steps=plan.sampling_steps,
        cfg=plan.cfg,
        sampler=plan.sampler,
        seeds=tuple(plan.seeds[spot.seed_n] for spot in wanted),
        workdir=out,
        loras=loras,
        prompts=tuple(plan.prompts[spot.prompt_n] for spot in wanted),
        device=ctx.device,
    )
