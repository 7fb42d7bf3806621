"""What a waiting or running training keeps from being deleted: its pictures (even if the dataset drops them) and its
dataset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, datasets
from backend.db.tables import FINAL, AssetUse, Dataset, DatasetImage, Job, TrainingRun

ASSET_USE = "training-set"
"""Owner type under which a waiting or running training uses its pictures (`asset_uses.noun`)."""
_ACTIVE = ("pending", "processing")


def acquire(tx: Session, run_id: str) -> int:
    """Marks the pictures and masks of the run's snapshot as used, restoring deleted ones whose bytes still exist, and the
    dataset as in training. Idempotent. Returns how many files are gone for good.
    """
    run = tx.get_one(TrainingRun, run_id)
    files = [file for item in run.snapshot for file in (item["asset_id"], item.get("mask_asset_id")) if file]
    asset_ids = list(dict.fromkeys(files))
    available = assets.restore(tx, asset_ids)
    if available:
        rows = [{"asset_id": asset_id, "noun": ASSET_USE, "noun_id": run_id} for asset_id in sorted(available)]
        tx.execute(insert(AssetUse).on_conflict_do_nothing(), rows)
    set_status(tx, run.dataset_id, "training")
    return len(asset_ids) - len(available)


def release_pictures(tx: Session, run_id: str) -> int:
    """Ends the run's use of its pictures; pictures that nothing else uses are deleted. Returns how many.

    Callers of this and of `acquire` lock the dataset's row first, so that they cannot deadlock.
    """
    own_uses = delete(AssetUse).where(AssetUse.noun == ASSET_USE, AssetUse.noun_id == run_id).returning(AssetUse.asset_id)
    asset_ids = tx.scalars(own_uses).all()
    if not asset_ids:
        return 0
    used = set(tx.scalars(select(AssetUse.asset_id).where(AssetUse.asset_id.in_(asset_ids)).distinct()))
    for column in (DatasetImage.asset_id, DatasetImage.mask_asset_id):
        used |= {asset_id for asset_id in tx.scalars(select(column).where(column.in_(asset_ids)).distinct()) if asset_id}
    return assets.delete(tx, [asset_id for asset_id in asset_ids if asset_id not in used])


def release_cancelled(tx: Session, run_id: str) -> None:
    """Releases pictures and dataset of a run whose job was cancelled while it waited, so that no worker would release them."""
    dataset_id = tx.scalar(select(TrainingRun.dataset_id).where(TrainingRun.id == run_id))
    if dataset_id is None:
        return
    locked = select(Dataset.id).where(Dataset.id == dataset_id, Dataset.deleted_at.is_(None)).with_for_update()
    exists = tx.scalar(locked) is not None
    release_pictures(tx, run_id)
    if exists:
        unlock_dataset(tx, dataset_id, ended=run_id)


def set_status(tx: Session, dataset_id: str, status: str) -> None:
    values = {"status": status, "updated_at": func.clock_timestamp()}
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))


def unlock_dataset(tx: Session, dataset_id: str, *, ended: str = "") -> None:
    """Sets the dataset back to draft or ready, unless a run other than `ended` still waits or runs. Raises NotFound."""
    if not tx.scalar(select(Dataset.id).where(Dataset.id == dataset_id, _active_runs(except_run=ended).exists())):
        set_status(tx, dataset_id, datasets.dataset_status(datasets.readiness(tx, dataset_id)))


def unlock_datasets(tx: Session) -> int:
    """Releases what runs used whose jobs have ended without releasing it (a killed worker, a cancel). Returns how many datasets
    were unlocked."""
    marked = select(Dataset.id).where(Dataset.status == "training", Dataset.deleted_at.is_(None))
    tx.execute(marked.order_by(Dataset.id).with_for_update())  # no run can be started on these datasets until `tx` ends
    ended_runs = select(AssetUse.noun_id).join(TrainingRun, TrainingRun.id == AssetUse.noun_id)
    ended_runs = ended_runs.join(Job, Job.id == TrainingRun.job_id).where(AssetUse.noun == ASSET_USE, Job.state.in_(FINAL))
    for run_id in tx.scalars(ended_runs.distinct()).all():
        release_pictures(tx, run_id)
    idle = tx.scalars(marked.where(~_active_runs().exists())).all()
    for dataset_id in idle:
        unlock_dataset(tx, dataset_id)
    return len(idle)


def _active_runs(*, except_run: str = "") -> Select[Any]:
    """Waiting and running trainings of the outer query's dataset, except `except_run`."""
    conditions = TrainingRun.dataset_id == Dataset.id, Job.state.in_(_ACTIVE), TrainingRun.id != except_run
    return select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(*conditions).correlate(Dataset)
