"""Lists the edits of a dataset and undoes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from backend.datasets.captioning import undo_caption_run
from backend.datasets.captions import write_captions
from backend.datasets.edit_cards import EditCard, UndoResult
from backend.datasets.masks import restore_masks
from backend.datasets.removal import restore_images
from backend.datasets.service import EDIT_CARD_COLUMNS, lock_dataset, refresh_status
from backend.db.tables import DatasetEdit, DatasetImage
from backend.errors import Conflict, NotFound
from backend.language import tr_lazy

_CROPS_BACK = text(
    "UPDATE dataset_images d SET crop_x = x.x, crop_y = x.y, crop_w = x.w, crop_h = x.h, crop_version = d.crop_version + 1 "
    "FROM unnest(CAST(:ids AS text[]), CAST(:versions AS int[]), CAST(:xs AS int[]), CAST(:ys AS int[]), "
    "CAST(:ws AS int[]), CAST(:hs AS int[])) AS x(id, version, x, y, w, h) "
    "WHERE d.id = x.id AND d.dataset_id = :dataset_id AND d.crop_version = x.version"
)


def list_edits(tx: Session, dataset_id: str, *, take: int = 20) -> list[EditCard]:
    """Newest first."""
    query = select(*EDIT_CARD_COLUMNS).where(DatasetEdit.dataset_id == dataset_id).order_by(DatasetEdit.id.desc()).limit(take)
    return [EditCard(*row) for row in tx.execute(query)]


def undo_edit(tx: Session, edit_id: str, *, of_dataset: str = "") -> UndoResult:
    """Restores what nobody has changed since. Raises NotFound (also an edit of another dataset than `of_dataset`), Conflict
    (undone already, or the files are gone)."""
    dataset_id = tx.scalar(select(DatasetEdit.dataset_id).where(DatasetEdit.id == edit_id))
    if dataset_id is None or of_dataset not in ("", dataset_id):
        raise NotFound(tr_lazy("This change is no longer known. Reload the page."))
    lock_dataset(tx, dataset_id)
    row = tx.scalars(select(DatasetEdit).where(DatasetEdit.id == edit_id).with_for_update()).one()
    if row.undone_at:
        raise Conflict(tr_lazy("This change was undone already. Reload the page to see how it is now."))
    restored = _UNDO_BY_KIND[row.kind](tx, row)
    values: dict[str, Any] = {"undone_at": func.clock_timestamp(), "undone_by": tx.info.get("user_id") or ""}
    tx.execute(update(DatasetEdit).where(DatasetEdit.id == edit_id).values(**values))
    refresh_status(tx, dataset_id)
    tx.expire_all()
    return UndoResult(restored, row.count - restored)


def _undo_captions(tx: Session, row: DatasetEdit) -> int:
    unchanged = _unchanged(tx, row, "caption_version")
    return len(write_captions(tx, row.dataset_id, {image_id: row.undo[image_id][0] for image_id in unchanged}, source="undo"))


def _undo_included(tx: Session, row: DatasetEdit) -> int:
    restored = 0
    for before in (True, False):
        ids = [image_id for image_id, (was, _) in row.undo.items() if was is before]
        conditions = DatasetImage.id.in_(ids), DatasetImage.dataset_id == row.dataset_id, DatasetImage.included.is_(not before)
        changed = tx.execute(update(DatasetImage).where(*conditions).values(included=before).returning(DatasetImage.id))
        restored += len(changed.all())
    return restored


def _undo_crops(tx: Session, row: DatasetEdit) -> int:
    ids = _unchanged(tx, row, "crop_version")
    boxes = [row.undo[image_id][0] or [None] * 4 for image_id in ids]
    columns: Sequence[Sequence[Any]] = list(zip(*boxes, strict=True)) or [[], [], [], []]
    coordinates = {name: list(column) for name, column in zip(("xs", "ys", "ws", "hs"), columns, strict=True)}
    versions = [row.undo[image_id][1] for image_id in ids]
    tx.execute(_CROPS_BACK, {"ids": ids, "versions": versions, "dataset_id": row.dataset_id, **coordinates})
    return len(ids)


def _undo_masks(tx: Session, row: DatasetEdit) -> int:
    unchanged = _unchanged(tx, row, "mask_version")
    return restore_masks(tx, row.dataset_id, {image_id: row.undo[image_id][0] for image_id in unchanged})


def _undo_removed(tx: Session, row: DatasetEdit) -> int:
    return restore_images(tx, row.dataset_id, row.undo)


def _unchanged(tx: Session, row: DatasetEdit, counter: Literal["caption_version", "crop_version", "mask_version"]) -> list[str]:
    """Ids of the pictures whose `counter` is still what the edit left; their rows are locked."""
    column = getattr(DatasetImage, counter)
    query = select(DatasetImage.id, column).where(DatasetImage.id.in_(list(row.undo))).order_by(DatasetImage.id)
    current: Mapping[str, int] = {image_id: version for image_id, version in tx.execute(query.with_for_update())}
    return [image_id for image_id, (_, version) in row.undo.items() if current.get(image_id) == version]


_UNDO_BY_KIND = {
    "captions": _undo_captions,
    "included": _undo_included,
    "crops": _undo_crops,
    "masks": _undo_masks,
    "removed": _undo_removed,
    "auto-captions": undo_caption_run,
}
