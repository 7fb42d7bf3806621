"""An uploaded start image, mask or pose: checked like any upload, then stored as an asset of the workspace."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard, ThumbFile
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.media.images.pictures import InspectedPicture, Inspector, PictureLimits
from backend.settings import Settings
from backend.storage import Storage

OpenTx = Callable[[], AbstractContextManager[Session]]


def take_upload(open_tx: OpenTx, storage: Storage, *, settings: Settings, upload_id: str) -> AssetCard:
    """Checks an uploaded picture in a child process and stores it. `open_tx` opens an editor's transaction; none is open while
    bytes move.

    Raises NotFound, Conflict (not here yet), Invalid (no usable picture; the upload keeps the reason), Unavailable.
    """
    with open_tx() as tx:
        upload = assets.uploads.get(tx, upload_id)
        tenant_id = str(tx.info["tenant_id"])
    if upload.noun != "generation":
        raise NotFound(tr_lazy("This upload is not a start image. Choose the file again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This picture is still uploading, or was used already. Choose the file again."))
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        path = Path(folder) / f"picture{Path(upload.filename).suffix.lower()[:8]}"
        storage.get_file(upload.key, path)
        inspected = _inspect(open_tx, settings, upload_id, path)
        stored = assets.store(
            open_tx,
            storage,
            path=inspected.picture,
            kind="image",
            key=assets.key_for(
                "image", tenant_id=tenant_id, job_id="uploaded", attempt_id=new_id("ast"), ext=inspected.extension
            ),
            content_type=inspected.content_type,
            filename=upload.filename,
            thumbs=[ThumbFile(width, file) for width, file in inspected.thumbs],
            width=inspected.width,
            height=inspected.height,
            meta=assets.face_meta(settings, inspected.measures.face_box),
        )
    with open_tx() as tx:
        assets.uploads.accept(tx, [upload_id])
    return stored


def _inspect(open_tx: OpenTx, settings: Settings, upload_id: str, path: Path) -> InspectedPicture:
    limits = PictureLimits(
        max_bytes=settings.uploads.max_picture_size,
        max_pixels=settings.uploads.max_image_pixels,
        min_side=settings.uploads.min_image_side,
    )
    with Inspector(limits, processes=1) as inspector:
        inspected = inspector.inspect(path, path.parent)
    if not inspected.ok:
        with open_tx() as tx:
            assets.uploads.reject(tx, {upload_id: inspected.reason})
        raise Invalid(inspected.reason)
    return inspected
