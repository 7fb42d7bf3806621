"""The job that checks new pictures: each is looked at in a child, kept or refused with a reason, and never taken twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import Any

from sqlalchemy import delete

from backend import events
from backend.assets import uploads
from backend.datasets.caption_job import caption
from backend.datasets.captioning import after_ingest
from backend.datasets.image_writer import Batch, ImageWriter, Looked
from backend.datasets.near_duplicates import regroup
from backend.datasets.rescan import scan
from backend.datasets.rights import own_pictures_came
from backend.datasets.schemas import IngestPayload
from backend.datasets.service import CLOSED, locked, refresh_status
from backend.datasets.sources import SourceFile, SourceFiles
from backend.db.tables import JobStep
from backend.errors import Cancelled, DiskFull
from backend.jobs.context import JobContext
from backend.kit import disk
from backend.media.images.pictures import Inspected, Inspector, Limits

__all__ = ["caption", "run", "scan"]

BATCH = 16
Coming = list[tuple[SourceFile, Future[Inspected] | None]]


def run(ctx: JobContext, payload: IngestPayload) -> dict[str, Any]:
    """Result: how many pictures were taken and how many files refused."""
    settings = ctx.app.settings
    limits = Limits(settings.max_upload_size, settings.max_image_pixels, settings.min_image_side)
    with ctx.transaction() as tx:
        tx.execute(delete(JobStep).where(JobStep.job_id == ctx.job_id, JobStep.name == CLOSED))
    keeper = ImageWriter(ctx, payload.dataset_id)
    try:
        with Inspector(limits) as inspector:
            character = payload.character
            while not _closed(ctx, payload.dataset_id, character, keeper, inspector):
                character = ""
    except Cancelled:
        _group(ctx, payload.dataset_id)
        raise
    except OSError as error:
        if disk.is_full(error):
            raise DiskFull(disk.FULL) from error
        raise
    finally:
        keeper.close()
    return {"images": keeper.taken, "refused": keeper.refused}


def _closed(ctx: JobContext, dataset_id: str, character: str, keeper: ImageWriter, inspector: Inspector) -> bool:
    """One round over what is there; False when more arrived just before the job could close."""
    arrivals = SourceFiles(ctx, dataset_id, character)
    waiting: Batch | None = None
    done = 0
    for looked in _looked(ctx, inspector, arrivals):
        batch = keeper.send(looked)
        if waiting:  # its bytes went while this batch was looked at
            keeper.record(waiting)
        waiting, done = batch, done + sum(1 for one, _ in looked if one.path or one.reason)
        ctx.progress(done, max(arrivals.total, done), "checking pictures")
        ctx.check()
    if waiting:
        keeper.record(waiting)
    if arrivals.texts:
        keeper.captions(arrivals.texts)
    return _close(ctx, dataset_id, keeper, character)


def _looked(ctx: JobContext, inspector: Inspector, arrivals: Iterable[SourceFile]) -> Iterator[list[Looked]]:
    """Batches in order. While one is being kept, the children look at the next already."""
    ahead: Coming | None = None
    for n, files in enumerate(_batches(arrivals)):
        coming = _look(ctx, inspector, files, n)
        if ahead:
            yield _answers(ctx, ahead)
        ahead = coming
    if ahead:
        yield _answers(ctx, ahead)


def _batches(arrivals: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    source = iter(arrivals)
    while batch := list(islice(source, BATCH)):
        yield batch


def _look(ctx: JobContext, inspector: Inspector, files: list[SourceFile], n: int) -> Coming:
    """Copies and thumbnails go to one of three folders in turn: what was in it three batches ago is recorded by now."""
    out = ctx.workdir / f"looked-{n % 3}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return [(one, inspector.submit(one.path, out) if one.path else None) for one in files]


def _answers(ctx: JobContext, coming: Coming) -> list[Looked]:
    looked: list[Looked] = []
    for one, future in coming:
        looked.append((one, future.result() if future else None))
        ctx.check()
    return looked


def _group(ctx: JobContext, dataset_id: str) -> None:
    """Cancelled in the middle: what was taken stays, and is compared with the rest."""
    with ctx.transaction() as tx:
        locked(tx, dataset_id)
        regroup(tx, dataset_id)
        refresh_status(tx, dataset_id)


def _close(ctx: JobContext, dataset_id: str, keeper: ImageWriter, character: str) -> bool:
    """Under the lock that `ingest` takes: whoever uploads after this starts a new job."""
    with ctx.transaction() as tx:
        locked(tx, dataset_id)
        if uploads.count(tx, "dataset", dataset_id, states=("stored",)):
            return False
        tx.add(JobStep(job_id=ctx.job_id, name=CLOSED, attempt_id=ctx.attempt_id, result=None))
        regroup(tx, dataset_id)
        if keeper.taken and not character:
            own_pictures_came(tx, dataset_id)
        refresh_status(tx, dataset_id)
        if ctx.app.settings.enable_auto_captions:
            captioners = ctx.app.engines.captioners
            after_ingest(tx, dataset_id, captioners=captioners, request_key=f"{ctx.job_id}/captions")
        counts = {"images": keeper.taken, "refused": keeper.refused}
        events.record(tx, "dataset.ingested", "dataset", dataset_id, counts)
    return True
