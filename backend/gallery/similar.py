"""Pictures that look alike, by perceptual hashes; those of pictures that have none yet (made before hashes were stored) are
computed from the thumbnail on demand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Integer, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from backend import assets
from backend.db.tables import Picture
from backend.errors import Invalid, NotFound
from backend.gallery.schemas import TILE_COLUMNS, TileCard
from backend.language import tr_lazy
from backend.media.images.picture_hash import bands, dhash_of
from backend.storage import Storage

_NOT_FOUND = tr_lazy("This picture does not exist here. It may have been made in another workspace.")


def similar(tx: Session, picture_id: str, *, most: int = 12, take: int = 60) -> list[tuple[TileCard, int]]:
    """Pictures that look alike, each with how many of 64 hash bits differ (at most `most`), closest first.

    Raises NotFound, and Invalid when the picture has no hash yet (call `ensure_hash` first).
    """
    row = tx.execute(select(Picture.dhash, Picture.bands).where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(_NOT_FOUND)
    if row.dhash is None:
        raise Invalid(tr_lazy("This picture has not been checked yet. Ask again in a moment."))
    bands_of_picture = bindparam("bands", row.bands, ARRAY(Integer))
    matches = func.similar_pictures(row.dhash, bands_of_picture, most, take + 1).table_valued(
        column("picture_id"), column("distance", Integer)
    )
    query = select(*(getattr(Picture, name) for name in TILE_COLUMNS), matches.c.distance)
    query = query.join(matches, matches.c.picture_id == Picture.id).where(Picture.id != picture_id)
    rows = tx.execute(query.order_by(matches.c.distance, Picture.id.desc()).limit(take))
    return [(TileCard(*row[:-1]), row.distance) for row in rows]


def ensure_hash(open_tx: Callable[[], AbstractContextManager[Session]], storage: Storage, picture_id: str) -> None:
    """Computes and stores the picture's hash unless it has one. No transaction is open while bytes move. Raises NotFound,
    Unavailable.
    """
    with open_tx() as tx:
        row = tx.execute(select(Picture.dhash, Picture.asset_id).where(Picture.id == picture_id)).first()
        if row is None:
            raise NotFound(_NOT_FOUND)
        if row.dhash is not None:
            return
        asset = assets.get(tx, row.asset_id)
    if not asset.thumbs:
        raise NotFound(tr_lazy("This picture has no thumbnail to compare. Create it again from its prompt."))
    with tempfile.TemporaryDirectory(prefix="look-") as folder:
        path = Path(folder) / "thumb.webp"
        storage.get_file(assets.thumb_key(asset.key, max(asset.thumbs)), path)
        dhash = dhash_of(path)
    with open_tx() as tx:
        values = {"dhash": dhash, "bands": bands(dhash, tx.info["tenant_id"])}
        tx.execute(update(Picture).where(Picture.id == picture_id, Picture.dhash.is_(None)).values(**values))
