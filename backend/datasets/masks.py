"""Masks: which part of a picture is learned. Drawn in the page and saved with a version check."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard, OpenTx, ThumbFile
from backend.datasets.service import find_edit_by_key, lock_dataset, record_edit, refresh_status, release
from backend.db.tables import DatasetImage
from backend.errors import Conflict, Invalid, NotFound
from backend.language import tr_lazy, tr_lazy_plural
from backend.media.images.pictures import InspectedPicture, Inspector, PictureLimits
from backend.settings import Settings
from backend.storage import Storage

UPLOAD = "dataset-mask"
"""`noun` of a mask's upload; its `noun_id` is the image."""
_LEAST_SIDE = 16
_GONE = tr_lazy("This picture is no longer in the dataset. Reload the page.")
_WRITE = text(
    "UPDATE dataset_images d SET mask_asset_id = x.mask, mask_version = d.mask_version + 1 "
    "FROM unnest(CAST(:ids AS text[]), CAST(:masks AS text[])) AS x(id, mask) "
    "WHERE d.id = x.id AND d.dataset_id = :dataset_id RETURNING d.id, d.mask_version"
)


def save_mask(
    open_tx: OpenTx, storage: Storage, *, settings: Settings, image_id: str, upload_id: str, version: int
) -> AssetCard:
    """Checks an uploaded mask in a child process and stores it for the image. White: learned; black: not; any size.

    `open_tx` opens an editor's transaction (bytes move between two). `version`: `ImageCard.mask_version` it was drawn on.
    Raises NotFound, Conflict (changed meanwhile, not here yet), Invalid (no usable picture), Unavailable.
    """
    with open_tx() as tx:
        upload, tenant_id = assets.uploads.get(tx, upload_id), str(tx.info["tenant_id"])
        dataset_id = _dataset_id_of(tx, image_id)
    if upload.noun != UPLOAD or upload.noun_id != image_id:
        raise NotFound(tr_lazy("This upload is not a mask of this picture. Draw it again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This mask is still uploading, or was used already. Save it again."))
    with tempfile.TemporaryDirectory(prefix="mask-") as folder:
        storage.get_file(upload.key, path := Path(folder) / "mask.png")
        inspected = _inspect(open_tx, settings, upload_id, path)
        stored = assets.store(
            open_tx,
            storage,
            path=inspected.picture,
            kind="image",
            key=assets.key_for("dataset", tenant_id=tenant_id, dataset_id=dataset_id, ext=inspected.extension),
            content_type=inspected.content_type,
            filename="mask.png",
            thumbs=[ThumbFile(width, file) for width, file in inspected.thumbs],
            width=inspected.width,
            height=inspected.height,
        )
    with open_tx() as tx:
        assets.uploads.accept(tx, [upload_id])
        _set_mask(tx, image_id, stored.id, version=version)
    return stored


def clear_mask(tx: Session, image_id: str, *, version: int) -> None:
    """Removes the mask, so that all of the picture is learned. Raises NotFound, Conflict (changed meanwhile)."""
    _set_mask(tx, image_id, None, version=version)


def clear_masks(tx: Session, dataset_id: str, image_ids: Sequence[str], *, request_key: str = "") -> int:
    """Removes the masks of these pictures as one undoable edit. Returns how many. Raises NotFound, Invalid (none has one)."""
    if existing_edit := find_edit_by_key(tx, request_key):
        return existing_edit.count
    lock_dataset(tx, dataset_id)
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.id.in_(image_ids), DatasetImage.mask_asset_id.is_not(None)
    query = select(DatasetImage.id, DatasetImage.mask_asset_id).where(*conditions).order_by(DatasetImage.id)
    before = {image_id: mask for image_id, mask in tx.execute(query.with_for_update())}
    if not before:
        raise Invalid(tr_lazy("None of these pictures has a mask. Choose others, or reload the page."))
    versions = set_masks(tx, dataset_id, dict.fromkeys(before))
    title = tr_lazy_plural("Removed {n:,} mask", "Removed {n:,} masks", len(before))
    record_edit(
        tx,
        dataset_id,
        "masks",
        title,
        {key: [before[key], version] for key, version in versions.items()},
        request_key=request_key,
    )
    refresh_status(tx, dataset_id)
    return len(before)


def set_masks(tx: Session, dataset_id: str, masks: Mapping[str, str | None]) -> dict[str, int]:
    """`masks`: image id -> asset of its mask, or None. Releases the replaced masks. Returns image id -> new mask version.

    The caller holds the dataset's lock.
    """
    ids = list(masks)
    replaced = tx.scalars(select(DatasetImage.mask_asset_id).where(DatasetImage.id.in_(ids))).all()
    params = {"ids": ids, "masks": [masks[image_id] for image_id in ids], "dataset_id": dataset_id}
    versions = {image_id: version for image_id, version in tx.execute(_WRITE, params)}
    new_masks = {mask for mask in masks.values() if mask}
    assets.use_all(tx, "dataset", [(mask, dataset_id) for mask in new_masks])
    release(tx, dataset_id, [mask for mask in replaced if mask and mask not in new_masks])
    tx.expire_all()
    return versions


def restore_masks(tx: Session, dataset_id: str, before: Mapping[str, str | None]) -> int:
    """Restores masks whose files still exist. Returns how many. The caller holds the locks."""
    existing_files = assets.restore(tx, [mask for mask in before.values() if mask])
    restorable = {image_id: mask for image_id, mask in before.items() if mask is None or mask in existing_files}
    return len(set_masks(tx, dataset_id, restorable)) if restorable else 0


def _set_mask(tx: Session, image_id: str, mask: str | None, *, version: int) -> None:
    dataset_id = _dataset_id_of(tx, image_id)
    lock_dataset(tx, dataset_id)
    row = tx.scalars(select(DatasetImage).where(DatasetImage.id == image_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(_GONE)
    if row.mask_version != version:
        raise Conflict(
            tr_lazy("Somebody else changed this picture's mask meanwhile. Open it again to see how; yours was not saved.")
        )
    before, name = row.mask_asset_id, row.filename
    if before is None and mask is None:
        return
    versions = set_masks(tx, dataset_id, {image_id: mask})
    title = tr_lazy("Masked {name}", name=name) if mask else tr_lazy("Removed the mask of {name}", name=name)
    record_edit(tx, dataset_id, "masks", title, {image_id: [before, versions[image_id]]})
    refresh_status(tx, dataset_id)


def _dataset_id_of(tx: Session, image_id: str) -> str:
    dataset_id = tx.scalar(select(DatasetImage.dataset_id).where(DatasetImage.id == image_id))
    if dataset_id is None:
        raise NotFound(_GONE)
    return dataset_id


def _inspect(open_tx: OpenTx, settings: Settings, upload_id: str, path: Path) -> InspectedPicture:
    limits = PictureLimits(settings.uploads.max_picture_size, settings.uploads.max_image_pixels, _LEAST_SIDE)
    with Inspector(limits, processes=1) as inspector:
        inspected = inspector.inspect(path, path.parent)
    if not inspected.ok:
        with open_tx() as tx:
            assets.uploads.reject(tx, {upload_id: inspected.reason})
        raise Invalid(inspected.reason)
    return inspected
