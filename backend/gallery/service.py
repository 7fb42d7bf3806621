"""Rating pictures, deleting and restoring them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, influencers
from backend.db.tables import Picture
from backend.errors import Invalid, NotFound


def rate(tx: Session, picture_ids: Sequence[str], rating: int) -> None:
    """0 (none) to 5 stars. Raises Invalid, NotFound."""
    if not 0 <= rating <= 5:
        raise Invalid("A rating is 1 to 5 stars, or 0 to take it away.")
    _update_pictures(tx, picture_ids, rating=rating)


def set_favourite(tx: Session, picture_ids: Sequence[str], favourite: bool) -> None:
    """Adds pictures to the favourites, or removes them. Raises Invalid, NotFound."""
    _update_pictures(tx, picture_ids, favourite=favourite)


def delete(tx: Session, picture_ids: Sequence[str]) -> None:
    """Out of the gallery at once; `undelete` brings them back until the files are purged. Raises NotFound."""
    _update_pictures(tx, picture_ids, deleted_at=func.clock_timestamp())
    assets.unuse_all(tx, "picture", picture_ids)
    events.record(tx, "pictures.deleted", "picture", picture_ids[0], {"ids": list(picture_ids)})


def undelete(tx: Session, picture_ids: Sequence[str]) -> None:
    """All or none, for as long as the files are there. Raises NotFound when one is gone for good."""
    pairs = _assets(tx, picture_ids)
    if {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs]):
        raise NotFound("These pictures were deleted too long ago: their files are gone. Draw them again from their recipe.")
    _update_pictures(tx, picture_ids, deleted_at=None)
    assets.use_all(tx, "picture", pairs)


def make_cover(tx: Session, picture_id: str) -> None:
    """The picture becomes the cover of its influencer. Raises NotFound, Invalid."""
    row = tx.scalars(select(Picture).where(Picture.id == picture_id, Picture.deleted_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound("This picture does not exist here. It may have been deleted.")
    if not row.influencer_id:
        raise Invalid("This picture belongs to no influencer. Choose the cover on the influencer's page.")
    influencers.set_cover(tx, row.influencer_id, row.asset_id)


def _assets(tx: Session, picture_ids: Sequence[str]) -> list[tuple[str, str]]:
    rows = tx.execute(select(Picture.asset_id, Picture.id).where(Picture.id.in_(picture_ids)))
    return [(asset_id, picture_id) for asset_id, picture_id in rows]


def _update_pictures(tx: Session, picture_ids: Sequence[str], **values: object) -> None:
    """All or none. Raises NotFound."""
    if not picture_ids:
        raise Invalid("Choose at least one picture.")
    changed = tx.execute(update(Picture).where(Picture.id.in_(picture_ids)).values(**values).returning(Picture.id)).all()
    if len(changed) != len(set(picture_ids)):
        raise NotFound("One of these pictures does not exist here. Load the gallery again.")
