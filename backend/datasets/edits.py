"""The log of acts on many pictures: what each was, who did it, and what is needed to take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from backend.datasets.captioning import take_back
from backend.datasets.captions import write
from backend.datasets.edit_cards import EditCard, Undone
from backend.datasets.edit_log import CARD
from backend.datasets.masks import masks_back
from backend.datasets.removal import bring_back
from backend.datasets.service import locked, refresh_status
from backend.db.tables import DatasetEdit, DatasetImage
from backend.errors import Conflict, NotFound

_CROPS_BACK = text(
    "UPDATE dataset_images d SET crop_x = x.x, crop_y = x.y, crop_w = x.w, crop_h = x.h, crop_version = d.crop_version + 1 "
    "FROM unnest(CAST(:ids AS text[]), CAST(:versions AS int[]), CAST(:xs AS int[]), CAST(:ys AS int[]), "
    "CAST(:ws AS int[]), CAST(:hs AS int[])) AS x(id, version, x, y, w, h) "
    "WHERE d.id = x.id AND d.dataset_id = :dataset_id AND d.crop_version = x.version"
)


def edits(tx: Session, dataset_id: str, *, take: int = 20) -> list[EditCard]:
    """Newest first."""
    query = select(*CARD).where(DatasetEdit.dataset_id == dataset_id).order_by(DatasetEdit.id.desc()).limit(take)
    return [EditCard(*row) for row in tx.execute(query)]


def undo_edit(tx: Session, edit_id: str) -> Undone:
    """Puts back what nobody has changed since. Raises NotFound, Conflict (it was taken back already, its files are gone)."""
    dataset_id = tx.scalar(select(DatasetEdit.dataset_id).where(DatasetEdit.id == edit_id))
    if dataset_id is None:
        raise NotFound("This change is no longer known. Reload the page.")
    locked(tx, dataset_id)
    row = tx.scalars(select(DatasetEdit).where(DatasetEdit.id == edit_id).with_for_update()).one()
    if row.undone_at:
        raise Conflict("This change was taken back already. Reload the page to see how it is now.")
    back = _BACK[row.kind](tx, row)
    values: dict[str, Any] = {"undone_at": func.clock_timestamp(), "undone_by": tx.info.get("user_id") or ""}
    tx.execute(update(DatasetEdit).where(DatasetEdit.id == edit_id).values(**values))
    refresh_status(tx, dataset_id)
    tx.expire_all()
    return Undone(back, row.count - back)


def _captions(tx: Session, row: DatasetEdit) -> int:
    same = _unchanged(tx, row, "caption_version")
    return len(write(tx, row.dataset_id, {image_id: row.undo[image_id][0] for image_id in same}, source="undo"))


def _included(tx: Session, row: DatasetEdit) -> int:
    back = 0
    for before in (True, False):
        ids = [image_id for image_id, (was, _) in row.undo.items() if was is before]
        mine = DatasetImage.id.in_(ids), DatasetImage.dataset_id == row.dataset_id, DatasetImage.included.is_(not before)
        changed = tx.execute(update(DatasetImage).where(*mine).values(included=before).returning(DatasetImage.id))
        back += len(changed.all())
    return back


def _crops(tx: Session, row: DatasetEdit) -> int:
    ids = _unchanged(tx, row, "crop_version")
    boxes = [row.undo[image_id][0] or [None] * 4 for image_id in ids]
    parts: Sequence[Sequence[Any]] = list(zip(*boxes, strict=True)) or [[], [], [], []]
    said = {name: list(part) for name, part in zip(("xs", "ys", "ws", "hs"), parts, strict=True)}
    versions = [row.undo[image_id][1] for image_id in ids]
    tx.execute(_CROPS_BACK, {"ids": ids, "versions": versions, "dataset_id": row.dataset_id, **said})
    return len(ids)


def _masks(tx: Session, row: DatasetEdit) -> int:
    same = _unchanged(tx, row, "mask_version")
    return masks_back(tx, row.dataset_id, {image_id: row.undo[image_id][0] for image_id in same})


def _removed(tx: Session, row: DatasetEdit) -> int:
    return bring_back(tx, row.dataset_id, row.undo)


def _unchanged(tx: Session, row: DatasetEdit, counter: Literal["caption_version", "crop_version", "mask_version"]) -> list[str]:
    """Ids of pictures that are still as the act left them; locked."""
    column = getattr(DatasetImage, counter)
    query = select(DatasetImage.id, column).where(DatasetImage.id.in_(list(row.undo))).order_by(DatasetImage.id)
    now: Mapping[str, int] = {image_id: version for image_id, version in tx.execute(query.with_for_update())}
    return [image_id for image_id, (_, version) in row.undo.items() if now.get(image_id) == version]


_BACK = {
    "captions": _captions, "included": _included, "crops": _crops, "masks": _masks, "removed": _removed,
    "auto-captions": take_back,
}  # fmt: skip
