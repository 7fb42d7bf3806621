"""The job that measures pictures which an older version measured, or none; a later attempt continues where one died."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select, update

from backend.datasets.image_writer import measure_columns
from backend.datasets.near_duplicates import regroup
from backend.datasets.schemas import ScanPayload
from backend.datasets.service import lock_dataset, refresh_status
from backend.db.tables import Asset, DatasetImage
from backend.jobs.context import JobContext
from backend.media.images.pictures import MEASURES_VERSION, InspectedPicture, Inspector, PictureLimits

BATCH = 16
StoredImage = tuple[str, str]


def scan(ctx: JobContext, payload: ScanPayload) -> dict[str, Any]:
    """Result: how many pictures were measured, and how many could not be read."""
    settings, dataset_id = ctx.app.settings, payload.dataset_id
    limits = PictureLimits(settings.uploads.max_picture_size, settings.uploads.max_image_pixels, 1)
    rows, unreadable = _outdated(ctx, dataset_id), 0
    with Inspector(limits) as inspector:
        for start in range(0, len(rows), BATCH):
            unreadable += _measure_batch(ctx, inspector, rows[start : start + BATCH])
            ctx.progress(min(start + BATCH, len(rows)), len(rows), "measuring pictures")
            ctx.check()
    with ctx.transaction() as tx:
        lock_dataset(tx, dataset_id)
        regroup(tx, dataset_id)
        refresh_status(tx, dataset_id)
    return {"measured": len(rows) - unreadable, "unread": unreadable}


def _outdated(ctx: JobContext, dataset_id: str) -> list[StoredImage]:
    """(id, storage key) of the pictures to measure."""
    query = select(DatasetImage.id, Asset.key).join(Asset, Asset.id == DatasetImage.asset_id).order_by(DatasetImage.id)
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.measured < MEASURES_VERSION, Asset.state == "stored"
    with ctx.transaction() as tx:
        return [(image_id, key) for image_id, key in tx.execute(query.where(*conditions))]


def _measure_batch(ctx: JobContext, inspector: Inspector, rows: list[StoredImage]) -> int:
    """Measures a batch. Returns how many could not be read; those keep their old measurements."""
    paths = [_fetch(ctx, *row) for row in rows]
    inspections = list(inspector.map((path, None) for path in paths))
    with ctx.transaction() as tx:
        for (image_id, _), inspected in zip(rows, inspections, strict=True):
            tx.execute(update(DatasetImage).where(DatasetImage.id == image_id).values(**_values(inspected)))
    for path in paths:
        path.unlink(missing_ok=True)
    return sum(1 for inspected in inspections if not inspected.ok)


def _values(inspected: InspectedPicture) -> dict[str, Any]:
    return {**measure_columns(inspected.measures), "dhash": inspected.dhash} if inspected.ok else {"measured": MEASURES_VERSION}


def _fetch(ctx: JobContext, image_id: str, key: str) -> Path:
    path = ctx.workdir / f"{image_id}{PurePosixPath(key).suffix}"
    ctx.app.storage.get_file(key, path)
    return path
