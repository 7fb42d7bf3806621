"""The ingest job: each new file is inspected in a child process, then accepted, or refused with a reason; never twice. And the
job that measures pictures which an older version measured, or none; a later attempt continues where one died."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import delete, select, update

from backend import events
from backend.assets import uploads
from backend.datasets.caption_job import caption
from backend.datasets.captioning import after_ingest
from backend.datasets.image_writer import ImageBatch, ImageWriter, InspectedSource, measure_columns
from backend.datasets.near_duplicates import regroup
from backend.datasets.rights import withdraw_sample_rights
from backend.datasets.schemas import IngestPayload, ScanPayload
from backend.datasets.service import CLOSED, lock_dataset, refresh_status
from backend.datasets.sources import SourceFile, SourceFiles
from backend.db.tables import Asset, DatasetImage, JobStep
from backend.errors import Cancelled, DiskFull
from backend.jobs.context import JobContext
from backend.kit import disk
from backend.language import tr_lazy
from backend.media.images.pictures import MEASURES_VERSION, InspectedPicture, Inspector, PictureLimits

__all__ = ["caption", "run", "scan"]

BATCH = 16
PendingInspections = list[tuple[SourceFile, Future[InspectedPicture] | None]]
StoredImage = tuple[str, str]


def run(ctx: JobContext, payload: IngestPayload) -> dict[str, Any]:
    """Result: how many pictures were taken and how many files refused."""
    upload_limits = ctx.app.settings.uploads
    limits = PictureLimits(upload_limits.max_picture_size, upload_limits.max_image_pixels, upload_limits.min_image_side)
    with ctx.transaction() as tx:
        tx.execute(delete(JobStep).where(JobStep.job_id == ctx.job_id, JobStep.name == CLOSED))
    writer = ImageWriter(ctx, payload.dataset_id)
    try:
        with Inspector(limits) as inspector:
            character = payload.character
            while not _ingest_round(ctx, payload.dataset_id, character, writer, inspector):
                character = ""
    except Cancelled:
        _regroup(ctx, payload.dataset_id)
        raise
    except OSError as error:
        if disk.is_full(error):
            raise DiskFull(disk.FULL) from error
        raise
    finally:
        writer.close()
    return {"images": writer.taken, "refused": writer.refused}


def _ingest_round(ctx: JobContext, dataset_id: str, character: str, writer: ImageWriter, inspector: Inspector) -> bool:
    """Ingests all waiting files once. Returns False when more were uploaded before the job could close."""
    sources = SourceFiles(ctx, dataset_id, character)
    previous: ImageBatch | None = None
    inspected_files = 0
    for inspected in _inspected_batches(ctx, inspector, sources):
        batch = writer.send(inspected)
        if previous:  # its files were uploaded while this batch was inspected
            writer.record(previous)
        previous, inspected_files = batch, inspected_files + sum(1 for source, _ in inspected if source.path or source.reason)
        ctx.progress(inspected_files, max(sources.total, inspected_files), tr_lazy("checking pictures"))
        ctx.check()
    if previous:
        writer.record(previous)
    if sources.caption_files:
        writer.write_captions(sources.caption_files)
    return _close(ctx, dataset_id, writer, character)


def _inspected_batches(ctx: JobContext, inspector: Inspector, sources: Iterable[SourceFile]) -> Iterator[list[InspectedSource]]:
    """Inspected batches, in order. The children inspect the next batch while the caller stores the current one."""
    previous: PendingInspections | None = None
    for n, files in enumerate(_batches(sources)):
        pending = _submit_inspections(ctx, inspector, files, n)
        if previous:
            yield _await_inspections(ctx, previous)
        previous = pending
    if previous:
        yield _await_inspections(ctx, previous)


def _batches(sources: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    source = iter(sources)
    while batch := list(islice(source, BATCH)):
        yield batch


def _submit_inspections(ctx: JobContext, inspector: Inspector, files: list[SourceFile], n: int) -> PendingInspections:
    """Copies and thumbnails go to one of three folders in turn; the batch that used it before is recorded by now."""
    folder = ctx.workdir / f"looked-{n % 3}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return [(source, inspector.submit(source.path, folder) if source.path else None) for source in files]


def _await_inspections(ctx: JobContext, pending: PendingInspections) -> list[InspectedSource]:
    inspected: list[InspectedSource] = []
    for source, future in pending:
        inspected.append((source, future.result() if future else None))
        ctx.check()
    return inspected


def _regroup(ctx: JobContext, dataset_id: str) -> None:
    """After a cancellation: accepted pictures stay, so their near-duplicate groups are updated."""
    with ctx.transaction() as tx:
        lock_dataset(tx, dataset_id)
        regroup(tx, dataset_id)
        refresh_status(tx, dataset_id)


def _close(ctx: JobContext, dataset_id: str, writer: ImageWriter, character: str) -> bool:
    """Closes the job unless uploads are waiting. Under the lock that `ingest` takes, so later uploads start a new job."""
    with ctx.transaction() as tx:
        lock_dataset(tx, dataset_id)
        if uploads.count(tx, "dataset", dataset_id, states=("stored",)):
            return False
        tx.add(JobStep(job_id=ctx.job_id, name=CLOSED, attempt_id=ctx.attempt_id, result=None))
        regroup(tx, dataset_id)
        if writer.taken and not character:
            withdraw_sample_rights(tx, dataset_id)
        refresh_status(tx, dataset_id)
        if ctx.app.settings.captions.automatic:
            captioners = ctx.app.engines.captioners
            after_ingest(tx, dataset_id, captioners=captioners, request_key=f"{ctx.job_id}/captions")
        counts = {"images": writer.taken, "refused": writer.refused}
        events.record(tx, "dataset.ingested", "dataset", dataset_id, counts)
    return True


def scan(ctx: JobContext, payload: ScanPayload) -> dict[str, Any]:
    """Result: how many pictures were measured, and how many could not be read."""
    settings, dataset_id = ctx.app.settings, payload.dataset_id
    limits = PictureLimits(settings.uploads.max_picture_size, settings.uploads.max_image_pixels, 1)
    rows, unreadable = _outdated(ctx, dataset_id), 0
    with Inspector(limits) as inspector:
        for start in range(0, len(rows), BATCH):
            unreadable += _measure_batch(ctx, inspector, rows[start : start + BATCH])
            ctx.progress(min(start + BATCH, len(rows)), len(rows), tr_lazy("measuring pictures"))
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
