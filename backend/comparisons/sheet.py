"""The labelled grid: all cells of a comparison on one PNG, labelled with versions, strengths, prompts and scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from backend import assets
from backend.comparisons.schemas import CONTROL, Arm, ComparisonCard, DrawnCell
from backend.comparisons.service import NOUN
from backend.db.tables import Trial
from backend.errors import NotFound
from backend.jobs.context import JobContext
from backend.media.images import contact_sheet
from backend.media.images.ai_mark import deliver_png


def make_grid(ctx: JobContext, card: ComparisonCard, cells: Sequence[DrawnCell]) -> dict[str, Any]:
    """Fetches the pictures, draws the grid and stores it in place of the last one. Raises NotFound (no picture is there)."""
    if not cells:
        raise NotFound("No picture of this comparison is there. Draw it first, then export.")
    plan = card.plan
    steps = ([0] if plan.control else []) + plan.steps
    side = contact_sheet.picture_side(len(steps), len(plan.prompts) * len(plan.seeds) * len(plan.strengths))
    paths = assets.fetch_small(ctx, [cell.asset_id for cell in cells], side)
    fetched = [cell for cell in cells if cell.asset_id in paths]
    by_place = {(cell.prompt_n, cell.seed_n, cell.arm): (paths[cell.asset_id], _score(cell)) for cell in fetched}
    sheet = ctx.workdir / "sheet.png"
    ctx.progress(0, 0, "drawing the grid")
    contact_sheet.draw_sheet(
        sheet,
        title=f"{card.run_name} · {card.plan.model}",
        columns=[f"step {step:,}" if step else "no LoRA" for step in steps],
        rows=[
            (
                f"strength {Arm(1, strength).weight}\n{prompt}\nseed {seed}",
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
    parts = [f"face {cell.identity:.0%}"] if cell.identity is not None else []
    parts += [f"prompt {cell.adherence:.0%}"] if cell.adherence is not None else []
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
    return {"asset_id": stored.id}
