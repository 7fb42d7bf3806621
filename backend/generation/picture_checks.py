"""Perceptual hashes of pictures that have none yet (made before hashes were stored), computed from the thumbnail on demand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import assets
from backend.db.tables import Picture
from backend.errors import NotFound
from backend.media.images.picture_hash import bands, dhash_of
from backend.storage import Storage


def ensure_hash(open_tx: Callable[[], AbstractContextManager[Session]], storage: Storage, picture_id: str) -> None:
    """Computes and stores the picture's hash unless it has one. No transaction is open while bytes move. Raises NotFound,
    Unavailable.
    """
    with open_tx() as tx:
        row = tx.execute(select(Picture.dhash, Picture.asset_id).where(Picture.id == picture_id)).first()
        if row is None:
            raise NotFound("This picture does not exist here. It may have been made in another workspace.")
        if row.dhash is not None:
            return
        asset = assets.get(tx, row.asset_id)
    if not asset.thumbs:
        raise NotFound("This picture has no thumbnail to compare. Draw it again from its recipe.")
    with tempfile.TemporaryDirectory(prefix="look-") as folder:
        path = Path(folder) / "thumb.webp"
        storage.get_file(assets.thumb_key(asset.key, max(asset.thumbs)), path)
        dhash = dhash_of(path)
    with open_tx() as tx:
        values = {"dhash": dhash, "bands": bands(dhash, tx.info["tenant_id"])}
        tx.execute(update(Picture).where(Picture.id == picture_id, Picture.dhash.is_(None)).values(**values))
