"""A grid as one labelled picture to share: drawn in a job, stored with its request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import accounts, assets, jobs
from backend.db.tables import Asset, Job
from backend.errors import Invalid, NotFound
from backend.generation.pictures import pictures_of
from backend.generation.queries import get, inherited_source_type
from backend.generation.schemas import GenerationCard, GenerationPayload, GridAxis, PictureCard
from backend.jobs import JobCard
from backend.jobs.context import JobContext
from backend.language import reading, tr_lazy, worded
from backend.media.images import contact_sheet
from backend.media.images.ai_mark import SOURCE_TYPE, deliver_png

KIND = "image-sheet"


def start_sheet(tx: Session, generation_id: str, *, request_key: str) -> JobCard:
    """Enqueues the job; its result has `assetId`. Raises NotFound, Invalid (no grid, no picture yet)."""
    card = get(tx, generation_id)
    if card.grid is None:
        raise Invalid(tr_lazy("Only a grid can become one labelled picture."))
    if not card.done:
        raise Invalid(tr_lazy("No picture of this grid is there yet. Wait for the first ones."))
    payload, subject = GenerationPayload(generation_id=card.id), ("generation", card.id)
    return jobs.enqueue(
        tx, kind=KIND, payload=payload, title=tr_lazy("Labelled picture of a grid"), request_key=request_key, subject=subject
    )


def latest_sheet(tx: Session, generation_id: str) -> JobCard | None:
    """The newest job for a labelled picture, if any; `result["assetId"]` once it is completed."""
    return jobs.latest(tx, ("generation", generation_id), KIND)


def sheet_layers(axes: Sequence[GridAxis]) -> Iterator[tuple[str, list[tuple[str, list[int]]]]]:
    """For each value of z: its label and the rows as (label, picture numbers along x)."""
    x, y, z = (*axes, *[GridAxis("", ("",))] * 3)[:3]
    for layer, z_label in enumerate(z.labels):
        rows = [
            (label, [(layer * len(y.labels) + row) * len(x.labels) + column for column in range(len(x.labels))])
            for row, label in enumerate(y.labels)
        ]
        yield (f"{z.title}: {z_label}" if z.title else ""), rows


def run(ctx: JobContext, payload: GenerationPayload) -> dict[str, Any]:
    """The job. Result: the asset."""
    with ctx.transaction() as tx:
        card = get(tx, payload.generation_id)
        pictures = {picture.n: picture for picture in pictures_of(tx, card.id)}
        picture_source_type = next((inherited_source_type(tx, picture.id) for picture in pictures.values()), SOURCE_TYPE)
    assert card.grid
    path, marked = ctx.workdir / "sheet.png", ctx.workdir / "marked.png"
    _draw(ctx, card, pictures, path)
    deliver_png(path, marked, mark=card.recipe.ai_mark, source_type=picture_source_type)
    stored = assets.store_outputs(ctx, marked, filename=f"grid-{card.id}.png", thumbs=False)
    with ctx.transaction() as tx:
        _replace_earlier_sheets(tx, ctx.job_id, card.id, stored.id)
    return stored.names


def _replace_earlier_sheets(tx: Session, job_id: str, generation_id: str, asset_id: str) -> None:
    """Deletes sheets of earlier jobs and of dead attempts; a sheet of a later job stays."""
    sheets = Job.kind == KIND, Job.subject_noun == "generation", Job.subject_id == generation_id, Job.id <= job_id
    earlier = select(Asset.id).join(Job, Job.id == Asset.job_id).where(*sheets, Asset.id != asset_id, Asset.state == "stored")
    assets.delete(tx, tx.scalars(earlier).all(), force=True)
    assets.use(tx, asset_id, "generation", generation_id)


def _draw(ctx: JobContext, card: GenerationCard, pictures: dict[int, PictureCard], path: Path) -> None:
    assert card.grid
    with ctx.transaction() as tx:
        person = accounts.reader_of(tx, ctx.user_id)
    with reading(person):  # its labels are drawn for whoever asked for it
        axes = [GridAxis(worded(axis.title), axis.labels) for axis in card.grid.axes]
    rows = [
        (" · ".join(part for part in (layer, f"{axes[1].title}: {label}" if label else "") if part), numbers)
        for layer, layer_rows in sheet_layers(axes)
        for label, numbers in layer_rows
    ]
    columns = [f"{axes[0].title}: {label}" for label in axes[0].labels]
    side = contact_sheet.picture_side(len(columns), len(rows))
    paths = assets.fetch_small(ctx, [picture.asset_id for picture in pictures.values()], side)
    if not paths:
        raise NotFound(tr_lazy("The pictures of this grid were deleted. Create it again."))
    cells = [
        (
            label,
            [(paths[pictures[n].asset_id], "") if n in pictures and pictures[n].asset_id in paths else None for n in numbers],
        )
        for label, numbers in rows
    ]
    ctx.progress(0, 0, tr_lazy("drawing the grid"))
    contact_sheet.draw_sheet(path, title=card.recipe.prompt, columns=columns, rows=cells, side=side)
