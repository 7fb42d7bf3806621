"""Pictures out of a dataset, and back while their files exist: what a row and its captions were is kept with the act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, events
from backend.datasets.edit_log import once, record
from backend.datasets.near_duplicates import regroup
from backend.datasets.service import locked, refresh_status, release
from backend.db.tables import DatasetCaption, DatasetEdit, DatasetImage
from backend.errors import Conflict

_ROW = [one for one in DatasetImage.__table__.columns if one.name != "tenant_id"]
_SAID = ("version", "caption", "source", "said_by", "edit_id", "created_at")


def remove_images(tx: Session, image_ids: Sequence[str], *, request_key: str = "") -> int:
    """Out of the dataset; one act that can be taken back until their files go some days later. Returns how many there were."""
    if done := once(tx, request_key):
        return done.count
    where, removed = DatasetImage.id.in_(image_ids), 0
    for dataset_id in sorted(tx.scalars(select(DatasetImage.dataset_id).where(where).distinct())):
        locked(tx, dataset_id)
        rows = _rows(tx, dataset_id, image_ids)
        if not rows:
            continue
        said = _captions(tx, list(rows))
        tx.execute(delete(DatasetImage).where(DatasetImage.id.in_(list(rows))))
        tx.expire_all()
        regroup(tx, dataset_id)
        release(tx, dataset_id, _files(rows.values()))
        title = f"Removed {len(rows)} pictures" if len(rows) > 1 else f"Removed {next(iter(rows.values()))['filename']}"
        undo = {image_id: [row, said.get(image_id, [])] for image_id, row in rows.items()}
        record(tx, dataset_id, "removed", title, undo, request_key=request_key)
        refresh_status(tx, dataset_id)
        events.record(tx, "dataset.images_removed", "dataset", dataset_id, {"count": len(rows)})
        removed += len(rows)
    return removed


def bring_back(tx: Session, dataset_id: str, removed: Mapping[str, Any]) -> int:
    """`removed`: what `remove_images` recorded. Where the files still exist and the same picture was not added anew.

    Returns how many are back; the caller holds the dataset's lock. Raises Conflict when none can be.
    """
    here = set(tx.scalars(select(DatasetImage.sha256).where(DatasetImage.dataset_id == dataset_id)))
    wanted = {image_id: row for image_id, (row, _) in removed.items() if row["sha256"] not in here}
    there = assets.restore(tx, _files(wanted.values()))
    rows = [_lived(row, there) for row in wanted.values() if row["asset_id"] in there]
    if not rows:
        raise Conflict("These pictures cannot come back: their files are gone for good, or they were added again.")
    tx.execute(insert(DatasetImage), rows)
    said = [dict(zip(_SAID, one, strict=True)) | {"image_id": row["id"]} for row in rows for one in removed[row["id"]][1]]
    if said:
        tx.execute(insert(DatasetCaption), [one | {"created_at": _at(one["created_at"])} for one in said])
    assets.use_all(tx, "dataset", [(asset_id, dataset_id) for asset_id in _files(rows)])
    regroup(tx, dataset_id)
    events.record(tx, "dataset.images_restored", "dataset", dataset_id, {"count": len(rows)})
    return len(rows)


def forget_removed(tx: Session, *, days: float) -> int:
    """Removals of so long ago: their files are gone, nothing can be taken back. Returns how many acts were forgotten."""
    old = DatasetEdit.created_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400.0)
    return len(tx.execute(delete(DatasetEdit).where(DatasetEdit.kind == "removed", old).returning(DatasetEdit.id)).all())


def _rows(tx: Session, dataset_id: str, image_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By id, as plain values; locked."""
    mine = DatasetImage.dataset_id == dataset_id, DatasetImage.id.in_(image_ids)
    found = tx.execute(select(*_ROW).where(*mine).order_by(DatasetImage.id).with_for_update())
    return {row.id: row._asdict() | {"created_at": row.created_at.isoformat()} for row in found}


def _captions(tx: Session, image_ids: Sequence[str]) -> dict[str, list[list[Any]]]:
    """Each version that the captions had, oldest first."""
    row, found = DatasetCaption, dict[str, list[list[Any]]]()
    query = select(row.image_id, *(getattr(row, name) for name in _SAID)).where(row.image_id.in_(image_ids))
    for image_id, *said, at in tx.execute(query.order_by(row.image_id, row.version)):
        found.setdefault(image_id, []).append([*said, at.isoformat()])
    return found


def _files(rows: Any) -> list[str]:
    return [asset_id for row in rows for asset_id in (row["asset_id"], row["mask_asset_id"]) if asset_id]


def _lived(row: Mapping[str, Any], there: set[str]) -> dict[str, Any]:
    """As it goes back into the table: in no group yet, without a mask whose file is gone."""
    mask = row["mask_asset_id"] if row["mask_asset_id"] in there else None
    alone = {"alike": None, "near_duplicate_of": None, "near_duplicate_distance": None}
    return {**row, **alone, "mask_asset_id": mask, "created_at": _at(row["created_at"])}


def _at(said: str) -> datetime:
    return datetime.fromisoformat(said)
