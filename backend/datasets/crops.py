"""Crops: the box of a picture that is trained on, saved with a version check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.datasets.schemas import Box
from backend.datasets.service import lock_dataset, record_edit, refresh_status
from backend.db.tables import DatasetImage
from backend.errors import Conflict, Invalid, NotFound
from backend.language import tr_lazy

MIN_CROP_SIDE = 64
"""px of either side of a crop."""


def set_crop(tx: Session, image_id: str, box: Box | None, *, version: int) -> int:
    """`box` None: the whole picture. Returns the new version. Raises NotFound, Invalid, Conflict (changed meanwhile)."""
    dataset_id = tx.scalar(select(DatasetImage.dataset_id).where(DatasetImage.id == image_id))
    if dataset_id is None:
        raise NotFound(tr_lazy("This picture is no longer in the dataset. Reload the page."))
    lock_dataset(tx, dataset_id)
    row = tx.scalars(select(DatasetImage).where(DatasetImage.id == image_id).with_for_update()).one()
    if row.crop_version != version:
        raise Conflict(tr_lazy("Somebody else cropped this picture meanwhile. Open it again to see how; yours was not saved."))
    before = None if row.crop_x is None else [row.crop_x, row.crop_y, row.crop_w, row.crop_h]
    after = (
        None if box is None or covers_whole_picture(box, row.width, row.height) else validate_box(box, row.width, row.height)
    )
    values = _values(after)
    tx.execute(update(DatasetImage).where(DatasetImage.id == image_id).values(**values, crop_version=version + 1))
    title = tr_lazy("Cropped {name}", name=row.filename) if after else tr_lazy("Removed the crop of {name}", name=row.filename)
    record_edit(tx, dataset_id, "crops", title, {image_id: [before, version + 1]})
    refresh_status(tx, dataset_id)
    tx.expire_all()
    return version + 1


def validate_box(box: Box, width: int, height: int) -> Box:
    """Returns `box` when it fits into a picture of `width` x `height` px. Raises Invalid."""
    if box.width < MIN_CROP_SIDE or box.height < MIN_CROP_SIDE:
        raise Invalid(tr_lazy("A crop needs {px} px or more on both sides. Draw it larger.", px=MIN_CROP_SIDE))
    if box.x < 0 or box.y < 0 or box.x + box.width > width or box.y + box.height > height:
        raise Invalid(tr_lazy("The crop reaches beyond the picture. Draw it inside."))
    return box


def covers_whole_picture(box: Box, width: int, height: int) -> bool:
    """Whether the box is the whole picture of `width` x `height` px."""
    return (box.x, box.y, box.width, box.height) == (0, 0, width, height)


def _values(box: Box | None) -> Mapping[str, Any]:
    x, y, w, h = (box.x, box.y, box.width, box.height) if box else (None, None, None, None)
    return {"crop_x": x, "crop_y": y, "crop_w": w, "crop_h": h}
