"""What a run holds while it waits or works: its pictures, also those taken out of the dataset meanwhile, and its dataset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, datasets
from backend.db.tables import FINAL, AssetUse, Dataset, DatasetImage, Job, TrainingRun

USE = "training-set"
"""The noun of a waiting or working run's use of its pictures."""
_ACTIVE = ("pending", "processing")


def hold(tx: Session, run_id: str) -> int:
    """Takes the pictures of the run's snapshot and their masks into use, also those deleted since while their bytes exist;
    and the dataset.

    Returns how many are gone for good. Saying it twice is once.
    """
    run = tx.get_one(TrainingRun, run_id)
    files = [file for item in run.snapshot for file in (item["asset_id"], item.get("mask_asset_id")) if file]
    wanted = list(dict.fromkeys(files))
    there = assets.restore(tx, wanted)
    if there:
        rows = [{"asset_id": asset_id, "noun": USE, "noun_id": run_id} for asset_id in sorted(there)]
        tx.execute(insert(AssetUse).on_conflict_do_nothing(), rows)
    mark(tx, run.dataset_id, "training")
    return len(wanted) - len(there)


def release(tx: Session, run_id: str) -> int:
    """The run has ended: pictures that nothing else uses are deleted. Returns how many those were.

    Its dataset's row is locked first by whoever holds or releases, so that they cannot wait for each other.
    """
    mine = delete(AssetUse).where(AssetUse.noun == USE, AssetUse.noun_id == run_id).returning(AssetUse.asset_id)
    held = tx.scalars(mine).all()
    if not held:
        return 0
    used = set(tx.scalars(select(AssetUse.asset_id).where(AssetUse.asset_id.in_(held)).distinct()))
    for column in (DatasetImage.asset_id, DatasetImage.mask_asset_id):
        used |= {asset_id for asset_id in tx.scalars(select(column).where(column.in_(held)).distinct()) if asset_id}
    return assets.delete(tx, [asset_id for asset_id in held if asset_id not in used])


def let_go(tx: Session, run_id: str) -> None:
    """Its job was cancelled while it waited: nobody else will say so. Pictures and dataset are as `release`, `free_dataset`."""
    dataset_id = tx.scalar(select(TrainingRun.dataset_id).where(TrainingRun.id == run_id))
    if dataset_id is None:
        return
    locked = select(Dataset.id).where(Dataset.id == dataset_id, Dataset.deleted_at.is_(None)).with_for_update()
    there = tx.scalar(locked) is not None
    release(tx, run_id)
    if there:
        free_dataset(tx, dataset_id, ended=run_id)


def mark(tx: Session, dataset_id: str, status: str) -> None:
    values = {"status": status, "updated_at": func.clock_timestamp()}
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))


def free_dataset(tx: Session, dataset_id: str, *, ended: str = "") -> None:
    """draft or ready again, as its pictures now are, unless a run other than `ended` waits or works. Raises NotFound."""
    if not tx.scalar(select(Dataset.id).where(Dataset.id == dataset_id, _busy(but=ended).exists())):
        mark(tx, dataset_id, datasets.status(datasets.readiness(tx, dataset_id)))


def free_datasets(tx: Session) -> int:
    """Lets go of what runs held whose job ended elsewhere (a killed worker, a cancel). Returns how many datasets were freed."""
    marked = select(Dataset.id).where(Dataset.status == "training", Dataset.deleted_at.is_(None))
    tx.execute(marked.order_by(Dataset.id).with_for_update())  # nobody starts a run on one of these until `tx` ends
    over = select(AssetUse.noun_id).join(TrainingRun, TrainingRun.id == AssetUse.noun_id)
    over = over.join(Job, Job.id == TrainingRun.job_id).where(AssetUse.noun == USE, Job.state.in_(FINAL))
    for run_id in tx.scalars(over.distinct()).all():
        release(tx, run_id)
    idle = tx.scalars(marked.where(~_busy().exists())).all()
    for dataset_id in idle:
        free_dataset(tx, dataset_id)
    return len(idle)


def _busy(*, but: str = "") -> Select[Any]:
    """Runs of the dataset of the outer query that wait or work."""
    waiting = TrainingRun.dataset_id == Dataset.id, Job.state.in_(_ACTIVE), TrainingRun.id != but
    return select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(*waiting).correlate(Dataset)
