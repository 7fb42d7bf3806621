"""A grid as one labelled picture, to show to others: drawn in a job, kept with its request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, jobs
from backend.db.tables import Asset, Job
from backend.errors import Invalid, NotFound
from backend.generation.digital_source_type import inherited
from backend.generation.gallery import pictures_of
from backend.generation.queries import get
from backend.generation.schemas import GenerationCard, GenerationPayload, GridAxis, PictureCard
from backend.jobs import JobCard
from backend.jobs.context import JobContext
from backend.media.images import contact_sheet
from backend.media.images.ai_mark import SOURCE_TYPE, deliver_png

KIND = "image-sheet"


def draw_sheet(tx: Session, generation_id: str, *, request_key: str) -> JobCard:
    """Asks for it; the finished job's result names the asset. Raises NotFound, Invalid (no grid, no picture yet)."""
    card = get(tx, generation_id)
    if card.grid is None:
        raise Invalid("Only a grid can be drawn as one labelled picture.")
    if not card.done:
        raise Invalid("No picture of this grid is there yet. Wait for the first ones.")
    payload, subject = GenerationPayload(generation_id=card.id), ("generation", card.id)
    return jobs.enqueue(
        tx, kind=KIND, payload=payload, title="Labelled picture of a grid", request_key=request_key, subject=subject
    )


def sheet(tx: Session, generation_id: str) -> JobCard | None:
    """The last labelled picture asked for, if any: `result["asset_id"]` once it is completed."""
    return jobs.latest(tx, ("generation", generation_id), KIND)


def layers(axes: Sequence[GridAxis]) -> Iterator[tuple[str, list[tuple[str, list[int]]]]]:
    """Of each z: its label and the rows (label, picture numbers along x)."""
    x, y, z = (*axes, *[GridAxis("", ("",))] * 3)[:3]
    for layer, said in enumerate(z.labels):
        rows = [
            (label, [(layer * len(y.labels) + row) * len(x.labels) + at for at in range(len(x.labels))])
            for row, label in enumerate(y.labels)
        ]
        yield (f"{z.title}: {said}" if z.title else ""), rows


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """The job. Result: the asset."""
    with ctx.transaction() as tx:
        card = get(tx, payload.generation_id)
        made = {one.n: one for one in pictures_of(tx, card.id)}
        made_of = next((inherited(tx, one.id) for one in made.values()), SOURCE_TYPE)
    assert card.grid
    path, marked = ctx.workdir / "sheet.png", ctx.workdir / "marked.png"
    _draw(ctx, card, made, path)
    deliver_png(path, marked, mark=card.recipe.ai_mark, source_type=made_of)
    stored = assets.store_outputs(ctx, marked, filename=f"grid-{card.id}.png", thumbs=False)
    with ctx.transaction() as tx:
        _keep(tx, ctx.job_id, card.id, stored.id)
    return {"asset_id": stored.id}


def _keep(tx: Session, job_id: str, generation_id: str, asset_id: str) -> None:
    """In place of the sheets asked for before it and of what an attempt that died has left; one asked for later stays."""
    sheets = Job.kind == KIND, Job.subject_noun == "generation", Job.subject_id == generation_id, Job.id <= job_id
    earlier = select(Asset.id).join(Job, Job.id == Asset.job_id).where(*sheets, Asset.id != asset_id, Asset.state == "stored")
    assets.delete(tx, tx.scalars(earlier).all(), force=True)
    assets.use(tx, asset_id, "generation", generation_id)


def _draw(ctx: JobContext, card: GenerationCard, made: dict[int, PictureCard], path: Path) -> None:
    assert card.grid
    axes = card.grid.axes
    rows = [
        (" · ".join(part for part in (layer, f"{axes[1].title}: {label}" if label else "") if part), numbers)
        for layer, of_layer in layers(axes)
        for label, numbers in of_layer
    ]
    columns = [f"{axes[0].title}: {label}" for label in axes[0].labels]
    side = contact_sheet.side_for(len(columns), len(rows))
    paths = assets.fetch_small(ctx, [one.asset_id for one in made.values()], side)
    if not paths:
        raise NotFound("The pictures of this grid were deleted. Draw it again.")
    cells = [
        (label, [(paths[made[n].asset_id], "") if n in made and made[n].asset_id in paths else None for n in numbers])
        for label, numbers in rows
    ]
    ctx.progress(0, 0, "drawing the grid")
    contact_sheet.draw(path, title=card.recipe.prompt, columns=columns, rows=cells, side=side)
