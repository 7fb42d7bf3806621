"""Removes pictures from a dataset and restores them while their files exist: rows and captions are kept with the edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, events
from backend.datasets.near_duplicates import regroup
from backend.datasets.service import find_edit_by_key, lock_dataset, record_edit, refresh_status, release
from backend.db.tables import DatasetCaption, DatasetEdit, DatasetImage
from backend.errors import Conflict
from backend.language import tr_lazy, tr_lazy_plural

_IMAGE_COLUMNS = [column for column in DatasetImage.__table__.columns if column.name != "tenant_id"]
_CAPTION_FIELDS = ("version", "caption", "source", "said_by", "edit_id", "created_at")


def remove_images(tx: Session, image_ids: Sequence[str], *, request_key: str = "") -> int:
    """Removes pictures as one edit, which can be undone until their files are purged some days later. Returns how many."""
    if existing_edit := find_edit_by_key(tx, request_key):
        return existing_edit.count
    where, removed = DatasetImage.id.in_(image_ids), 0
    for dataset_id in sorted(tx.scalars(select(DatasetImage.dataset_id).where(where).distinct())):
        lock_dataset(tx, dataset_id)
        rows = _lock_rows(tx, dataset_id, image_ids)
        if not rows:
            continue
        captions = _caption_versions(tx, list(rows))
        tx.execute(delete(DatasetImage).where(DatasetImage.id.in_(list(rows))))
        tx.expire_all()
        regroup(tx, dataset_id)
        release(tx, dataset_id, _asset_ids(rows.values()))
        first_name = str(next(iter(rows.values()))["filename"])
        title = (
            tr_lazy_plural("Removed {n:,} picture", "Removed {n:,} pictures", len(rows))
            if len(rows) > 1
            else tr_lazy("Removed {name}", name=first_name)
        )
        undo = {image_id: [row, captions.get(image_id, [])] for image_id, row in rows.items()}
        record_edit(tx, dataset_id, "removed", title, undo, request_key=request_key)
        refresh_status(tx, dataset_id)
        events.record(tx, "dataset.images_removed", "dataset", dataset_id, {"count": len(rows)})
        removed += len(rows)
    return removed


def restore_images(tx: Session, dataset_id: str, removed: Mapping[str, Any]) -> int:
    """Restores pictures whose files still exist and that were not added again. `removed`: as `remove_images` recorded it.

    Returns how many were restored. The caller holds the dataset's lock. Raises Conflict when none can be restored.
    """
    stored_hashes = set(tx.scalars(select(DatasetImage.sha256).where(DatasetImage.dataset_id == dataset_id)))
    missing = {image_id: row for image_id, (row, _) in removed.items() if row["sha256"] not in stored_hashes}
    existing_files = assets.restore(tx, _asset_ids(missing.values()))
    rows = [_restored_row(row, existing_files) for row in missing.values() if row["asset_id"] in existing_files]
    if not rows:
        raise Conflict(tr_lazy("These pictures cannot come back: their files are gone for good, or they were added again."))
    tx.execute(insert(DatasetImage), rows)
    versions = [
        dict(zip(_CAPTION_FIELDS, version, strict=True)) | {"image_id": row["id"]}
        for row in rows
        for version in removed[row["id"]][1]
    ]
    if versions:
        tx.execute(
            insert(DatasetCaption), [version | {"created_at": _parse_time(version["created_at"])} for version in versions]
        )
    assets.use_all(tx, "dataset", [(asset_id, dataset_id) for asset_id in _asset_ids(rows)])
    regroup(tx, dataset_id)
    events.record(tx, "dataset.images_restored", "dataset", dataset_id, {"count": len(rows)})
    return len(rows)


def purge_removals(tx: Session, *, days: float) -> int:
    """Deletes edits that removed pictures more than `days` ago: their files are purged, so they cannot be undone. Returns how
    many were deleted."""
    old = DatasetEdit.created_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400.0)
    return len(tx.execute(delete(DatasetEdit).where(DatasetEdit.kind == "removed", old).returning(DatasetEdit.id)).all())


def _lock_rows(tx: Session, dataset_id: str, image_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Locks the pictures' rows; image id -> its columns as JSON values."""
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.id.in_(image_ids)
    rows = tx.execute(select(*_IMAGE_COLUMNS).where(*conditions).order_by(DatasetImage.id).with_for_update())
    return {row.id: row._asdict() | {"created_at": row.created_at.isoformat()} for row in rows}


def _caption_versions(tx: Session, image_ids: Sequence[str]) -> dict[str, list[list[Any]]]:
    """Image id -> all versions of its caption (values of _CAPTION_FIELDS), oldest first."""
    row, versions = DatasetCaption, dict[str, list[list[Any]]]()
    query = select(row.image_id, *(getattr(row, name) for name in _CAPTION_FIELDS)).where(row.image_id.in_(image_ids))
    for image_id, *values, created_at in tx.execute(query.order_by(row.image_id, row.version)):
        versions.setdefault(image_id, []).append([*values, created_at.isoformat()])
    return versions


def _asset_ids(rows: Any) -> list[str]:
    return [asset_id for row in rows for asset_id in (row["asset_id"], row["mask_asset_id"]) if asset_id]


def _restored_row(row: Mapping[str, Any], existing_files: set[str]) -> dict[str, Any]:
    """The row to insert: in no near-duplicate group yet, and without a mask whose file is gone."""
    mask = row["mask_asset_id"] if row["mask_asset_id"] in existing_files else None
    no_group = {"alike": None, "near_duplicate_of": None, "near_duplicate_distance": None}
    return {**row, **no_group, "mask_asset_id": mask, "created_at": _parse_time(row["created_at"])}


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
