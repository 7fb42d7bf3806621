"""The job that draws a comparison: a LoRA is loaded once per strength, a stored cell is never drawn again. At its end all cells
are put on one PNG, labelled with versions, strengths, prompts and scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import accounts, assets, comparisons
from backend.comparisons import rules
from backend.comparisons.queries import cell_files, drawn_numbers, get
from backend.comparisons.schemas import CONTROL, Arm, ComparisonCard, ComparisonPayload, DrawnCell, PlannedCell
from backend.comparisons.scores import score
from backend.comparisons.service import NOUN
from backend.db.tables import TrainingCheckpoint, Trial, TrialCell
from backend.engines.ports.events import Alive, DeviceReleased, Event, Output, Progress, forward_events
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.errors import NotFound
from backend.jobs import Work
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import reading, tr, tr_lazy
from backend.media.images import contact_sheet
from backend.media.images.ai_mark import deliver_png
from backend.media.images.picture_hash import dhash_of


def run(ctx: JobContext, payload: ComparisonPayload) -> dict[str, Any]:
    """Draws what is missing, then scores all cells. Result: {pictures: how many the comparison has, assets: their files}."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
        existing_cells = drawn_numbers(tx, card.id)
    missing = [cell for cell in rules.planned_cells(card.plan) if cell.n not in existing_cells]
    engine = ctx.app.engines.image
    model, cost = card.plan.model, float(len(missing) * card.plan.sampling_steps)
    ctx.start_timing(
        Work("compare", model, cost, measured=False, cold=engine.loaded(ctx.device) != model, keeps_s=engine.keeps_s)
    )
    _draw(ctx, card, missing)
    ctx.step("scores", partial(score, ctx, card))
    with ctx.transaction() as tx:
        return {"pictures": card.total, "assets": cell_files(tx, card.id)}


def run_scores(ctx: JobContext, payload: ComparisonPayload) -> dict[str, Any]:
    """Scores all drawn cells again."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
    return score(ctx, card)


def run_grid(ctx: JobContext, payload: ComparisonPayload) -> dict[str, Any]:
    """The labelled grid as one PNG, stored with the comparison. Result: {assetId, s3Key}."""
    with ctx.transaction() as tx:
        card = comparisons.get(tx, payload.trial_id)
        cells = comparisons.cells(tx, card.id)
    return make_grid(ctx, card, cells)


def _draw(ctx: JobContext, card: ComparisonCard, missing: Sequence[PlannedCell]) -> None:
    done_count, steps_per_picture, handle = card.total - len(missing), card.plan.sampling_steps, ctx.handle
    for arm, cells in groupby(missing, key=lambda cell: cell.arm):
        arm_cells = list(cells)
        events = ctx.app.engines.image.run(_request(ctx, card, arm_cells, _loras(ctx, card, arm)), handle)
        before, handle = done_count * steps_per_picture, None
        for event in ctx.pump(
            forward_events(events, partial(_comparison_progress, before=before, total=card.total * steps_per_picture))
        ):
            if isinstance(event, Output):
                cell = arm_cells[event.n]
                _store_cell(ctx, card, cell, event.path)
        done_count += len(arm_cells)


def _comparison_progress(event: Event, *, before: int, total: int) -> Iterator[Event]:
    """One call's progress as part of the whole comparison's, so that the time left is that of the comparison.

    DeviceReleased becomes Alive: the device is still needed for the next strength.
    """
    match event:
        case Progress(phase="drawing"):
            yield Progress(before + event.done, total, tr_lazy("drawing"))
        case Progress():
            yield Alive() if before else event
        case DeviceReleased():
            yield Alive()
        case _:
            yield event


def _store_cell(ctx: JobContext, card: ComparisonCard, cell: PlannedCell, path: Path) -> None:
    """Stores the picture of a cell as a step. The handle stays: it names the pictures that are still being drawn, too."""
    ctx.write_step(
        f"cell-{cell.n}",
        lambda: _upload_picture(ctx, card, cell, path),
        lambda tx, uploaded: _write_cell(tx, card, cell, *uploaded),
        keep_handle=True,
    )


def _upload_picture(ctx: JobContext, card: ComparisonCard, cell: PlannedCell, path: Path) -> tuple[assets.StoredOutput, str]:
    """Uploads the marked picture; returns it and its difference hash."""
    clean = path.with_name(f"cell-{cell.n}.png")
    deliver_png(path, clean, mark=card.plan.ai_mark)
    output, dhash = assets.send_outputs(ctx, clean, filename=_filename(card, cell), n=cell.n), dhash_of(clean)
    path.unlink(missing_ok=True)
    clean.unlink(missing_ok=True)
    return output, dhash


def _write_cell(
    tx: Session, card: ComparisonCard, cell: PlannedCell, output: assets.StoredOutput, dhash: str
) -> dict[str, Any]:
    get(tx, card.id, lock=True)  # raises NotFound if it was deleted meanwhile; the announced bytes are swept later
    stored = output.confirm(tx)
    row = TrialCell(id=new_id("cell"), trial_id=card.id, n=cell.n, step=cell.arm.step, strength=cell.arm.strength)
    row.prompt_n, row.seed_n, row.asset_id, row.dhash = cell.prompt_n, cell.seed_n, stored.id, dhash
    tx.add(row)
    assets.use(tx, stored.id, NOUN, card.id)
    return {"cell_id": row.id}


def _filename(card: ComparisonCard, cell: PlannedCell) -> str:
    arm = "base" if cell.arm.control else f"step-{cell.arm.step}-at-{cell.arm.strength:g}"
    return assets.safe_name(f"{card.run_name}-{arm}-prompt-{cell.prompt_n + 1}-seed-{card.plan.seeds[cell.seed_n]}.png")


def _loras(ctx: JobContext, card: ComparisonCard, arm: Arm) -> tuple[LoraUse, ...]:
    """The checkpoint's file, fetched once for all its strengths."""
    if arm.control:
        return ()
    path = ctx.workdir / f"step-{arm.step}.safetensors"
    if not path.exists():
        with ctx.transaction() as tx:
            of_step = TrainingCheckpoint.run_id == card.run_id, TrainingCheckpoint.step == arm.step
            asset_id = tx.scalar(select(TrainingCheckpoint.asset_id).where(*of_step))
            if asset_id is None:
                raise NotFound(
                    tr_lazy("The version of step {step} is gone. Start the comparison again without it.", step=arm.step)
                )
            asset = assets.get(tx, asset_id)
        assets.fetch(ctx.app.storage, asset, path)
        ctx.check()
    return (LoraUse(f"{card.run_name} step {arm.step}", path, arm.strength),)


def _request(ctx: JobContext, card: ComparisonCard, cells: Sequence[PlannedCell], loras: tuple[LoraUse, ...]) -> ImageRequest:
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
        seeds=tuple(plan.seeds[cell.seed_n] for cell in cells),
        workdir=out,
        loras=loras,
        prompts=tuple(plan.prompts[cell.prompt_n] for cell in cells),
        device=ctx.device,
    )


def make_grid(ctx: JobContext, card: ComparisonCard, cells: Sequence[DrawnCell]) -> dict[str, Any]:
    """Fetches the pictures, draws the grid and stores it in place of the last one. Raises NotFound (no picture is there)."""
    if not cells:
        raise NotFound(tr_lazy("This comparison has no pictures yet. Generate them first, then export."))
    plan = card.plan
    steps = ([0] if plan.control else []) + plan.steps
    side = contact_sheet.picture_side(len(steps), len(plan.prompts) * len(plan.seeds) * len(plan.strengths))
    paths = assets.fetch_small(ctx, [cell.asset_id for cell in cells], side)
    fetched = [cell for cell in cells if cell.asset_id in paths]
    sheet = ctx.workdir / "sheet.png"
    ctx.progress(0, 0, tr_lazy("drawing the grid"))
    with ctx.transaction() as tx:
        person = accounts.reader_of(tx, ctx.user_id)
    with reading(person):
        by_place = {(cell.prompt_n, cell.seed_n, cell.arm): (paths[cell.asset_id], _score(cell)) for cell in fetched}
        contact_sheet.draw_sheet(
            sheet,
            title=f"{card.run_name} · {card.plan.model}",
            columns=[tr("step {step:,}", step=step) if step else tr("no LoRA") for step in steps],
            rows=[
                (
                    "\n".join((tr("strength {weight}", weight=Arm(1, strength).weight), prompt, tr("seed {seed}", seed=seed))),
                    [by_place.get((p, s, _arm(step, strength))) for step in steps],
                )
                for p, prompt in enumerate(plan.prompts)
                for s, seed in enumerate(plan.seeds)
                for strength in plan.strengths
            ],
            side=side,
        )
    return _replace_grid(ctx, card, sheet)


def _arm(step: int, strength: float) -> Arm:
    return Arm(step, strength) if step else CONTROL


def _score(cell: DrawnCell) -> str:
    parts = [tr("face {share:.0%}", share=cell.identity)] if cell.identity is not None else []
    parts += [tr("prompt {share:.0%}", share=cell.adherence)] if cell.adherence is not None else []
    return " · ".join(parts)


def _replace_grid(ctx: JobContext, card: ComparisonCard, sheet: Path) -> dict[str, Any]:
    marked = sheet.with_name("marked.png")
    deliver_png(sheet, marked, mark=card.plan.ai_mark)
    stored = assets.store_outputs(ctx, marked, filename=assets.safe_name(f"{card.run_name}-checkpoints.png"), thumbs=False)
    with ctx.transaction() as tx:
        not_deleted = Trial.id == card.id, Trial.deleted_at.is_(None)
        before = tx.execute(select(Trial.grid_asset_id).where(*not_deleted).with_for_update()).one_or_none()
        if before is not None:
            assets.delete(tx, [before[0]] if before[0] else [], force=True)
            assets.use(tx, stored.id, NOUN, card.id)
        tx.execute(update(Trial).where(*not_deleted).values(grid_asset_id=stored.id))
    return stored.names
