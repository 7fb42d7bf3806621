"""The trash: deleted datasets keep their pictures until they are erased."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.datasets.queries import get
from backend.datasets.service import lock_dataset
from backend.db.tables import AssetUse, Dataset, DatasetImage
from backend.errors import Conflict, NotFound
from backend.language import tr_lazy
from backend.undo import undoable

NOUN, _TRASHED = "dataset", "trashed-dataset"


@undoable("dataset.deleted")
def delete(tx: Session, dataset_id: str) -> None:
    """Into the trash; LoRAs trained on it stay. Raises NotFound, Conflict (it is being trained on)."""
    row = lock_dataset(tx, dataset_id)
    if get(tx, dataset_id).status == "training":
        raise Conflict(
            tr_lazy("{name} is being trained on. Wait for that run to end, or cancel it in Settings → Activity.", name=row.name)
        )
    assets.rename_uses(tx, NOUN, _TRASHED, [dataset_id])
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "dataset.deleted", NOUN, dataset_id, {"name": row.name})


def undelete(tx: Session, dataset_ids: Sequence[str]) -> None:
    """All or none. Raises NotFound (one was erased), Conflict (another dataset has its name)."""
    for dataset_id in dataset_ids:
        row = tx.scalars(
            select(Dataset).where(Dataset.id == dataset_id, Dataset.erased_at.is_(None)).with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFound(tr_lazy("This dataset was deleted for good. Upload its pictures again."))
        same_name = select(Dataset.id).where(Dataset.name == row.name, Dataset.id != dataset_id, Dataset.deleted_at.is_(None))
        if tx.scalar(same_name) is not None:
            raise Conflict(
                tr_lazy("Meanwhile another dataset is called “{name}”. Rename that one first, then try again.", name=row.name)
            )
        row.deleted_at = None
        tx.flush()
        assets.rename_uses(tx, _TRASHED, NOUN, [dataset_id])
        events.record(tx, "dataset.restored", NOUN, dataset_id, {"name": row.name})


def erase(tx: Session, dataset_ids: Sequence[str]) -> int:
    """Deletes datasets of the trash for good, with their pictures and captions. Others are left alone. Returns how many."""
    in_trash = Dataset.id.in_(dataset_ids), Dataset.deleted_at.is_not(None), Dataset.erased_at.is_(None)
    ids = list(tx.scalars(update(Dataset).where(*in_trash).values(erased_at=func.clock_timestamp()).returning(Dataset.id)))
    if ids:
        files = select(AssetUse.asset_id).where(AssetUse.noun == _TRASHED, AssetUse.noun_id.in_(ids))
        asset_ids = list(tx.scalars(files))
        assets.unuse_all(tx, _TRASHED, ids)
        tx.execute(delete_rows(DatasetImage).where(DatasetImage.dataset_id.in_(ids)))
        assets.delete_unused(tx, asset_ids)
        events.record(tx, "datasets.erased", NOUN, ids[0], {"ids": ids})
    return len(ids)
