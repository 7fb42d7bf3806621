"""The job that measures pictures again which an older version measured, or nobody did; a new attempt goes on where one died."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select, update

from backend.datasets.image_writer import measured
from backend.datasets.near_duplicates import regroup
from backend.datasets.schemas import ScanPayload
from backend.datasets.service import locked, refresh_status
from backend.db.tables import Asset, DatasetImage
from backend.jobs.context import JobContext
from backend.media.images.pictures import MEASURES, Inspected, Inspector, Limits

BATCH = 16
Row = tuple[str, str]


def scan(ctx: JobContext, payload: ScanPayload) -> dict[str, Any]:
    """Result: how many pictures were measured, and how many could not be read."""
    settings, dataset_id = ctx.app.settings, payload.dataset_id
    limits = Limits(settings.max_upload_size, settings.max_image_pixels, 1)
    rows, unread = _old(ctx, dataset_id), 0
    with Inspector(limits) as inspector:
        for at in range(0, len(rows), BATCH):
            unread += _measure(ctx, inspector, rows[at : at + BATCH])
            ctx.progress(min(at + BATCH, len(rows)), len(rows), "measuring pictures")
            ctx.check()
    with ctx.transaction() as tx:
        locked(tx, dataset_id)
        regroup(tx, dataset_id)
        refresh_status(tx, dataset_id)
    return {"measured": len(rows) - unread, "unread": unread}


def _old(ctx: JobContext, dataset_id: str) -> list[Row]:
    """(id, storage key) of what is to be measured."""
    query = select(DatasetImage.id, Asset.key).join(Asset, Asset.id == DatasetImage.asset_id).order_by(DatasetImage.id)
    old = DatasetImage.dataset_id == dataset_id, DatasetImage.measured < MEASURES, Asset.state == "stored"
    with ctx.transaction() as tx:
        return [(image_id, key) for image_id, key in tx.execute(query.where(*old))]


def _measure(ctx: JobContext, inspector: Inspector, rows: list[Row]) -> int:
    """Returns how many could not be read; those keep what they had."""
    paths = [_fetched(ctx, *row) for row in rows]
    found = list(inspector.map((path, None) for path in paths))
    with ctx.transaction() as tx:
        for (image_id, _), seen in zip(rows, found, strict=True):
            tx.execute(update(DatasetImage).where(DatasetImage.id == image_id).values(**_values(seen)))
    for path in paths:
        path.unlink(missing_ok=True)
    return sum(1 for seen in found if not seen.ok)


def _values(seen: Inspected) -> dict[str, Any]:
    return {**measured(seen.measures), "dhash": seen.dhash} if seen.ok else {"measured": MEASURES}


def _fetched(ctx: JobContext, image_id: str, key: str) -> Path:
    path = ctx.workdir / f"{image_id}{PurePosixPath(key).suffix}"
    ctx.app.storage.get_file(key, path)
    return path
