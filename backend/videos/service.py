"""Rating videos, deleting and restoring them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.db.tables import Clip, Picture
from backend.errors import Invalid, NotFound


def rate(tx: Session, clip_ids: Sequence[str], rating: int) -> None:
    """0 (none) to 5 stars. Raises Invalid, NotFound."""
    if not 0 <= rating <= 5:
        raise Invalid("A rating is 1 to 5 stars, or 0 to take it away.")
    _update_videos(tx, clip_ids, rating=rating)


def set_favourite(tx: Session, clip_ids: Sequence[str], favourite: bool) -> None:
    """Adds videos to the favourites, or removes them. Raises Invalid, NotFound."""
    _update_videos(tx, clip_ids, favourite=favourite)


def delete(tx: Session, clip_ids: Sequence[str]) -> None:
    """Out of the list at once; `undelete` brings them back until the files are purged. Raises NotFound."""
    _update_videos(tx, clip_ids, deleted_at=func.clock_timestamp())
    assets.unuse_all(tx, "clip", clip_ids)
    events.record(tx, "clips.deleted", "clip", clip_ids[0], {"ids": list(clip_ids)})


def undelete(tx: Session, clip_ids: Sequence[str]) -> None:
    """All or none, for as long as the files are there. Raises NotFound when one is gone for good."""
    rows = tx.execute(select(Clip.id, Clip.asset_id).where(Clip.id.in_(clip_ids), Clip.asset_id.is_not(None))).all()
    pairs = [(str(asset_id), clip_id) for clip_id, asset_id in rows]
    if {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs]):
        raise NotFound("These videos were deleted too long ago: their files are gone. Make them again from their pictures.")
    _update_videos(tx, clip_ids, deleted_at=None)
    sources = tx.execute(
        select(Picture.asset_id, Clip.id).join(Clip, Clip.picture_id == Picture.id).where(Clip.id.in_(clip_ids))
    )
    assets.use_all(tx, "clip", [*pairs, *((asset_id, clip_id) for asset_id, clip_id in sources)])


def _update_videos(tx: Session, clip_ids: Sequence[str], **values: object) -> None:
    """All or none, of those that are made. Raises Invalid, NotFound."""
    if not clip_ids:
        raise Invalid("Choose at least one video.")
    finished = Clip.id.in_(clip_ids), Clip.asset_id.is_not(None)
    changed = tx.execute(update(Clip).where(*finished).values(**values).returning(Clip.id)).all()
    if len(changed) != len(set(clip_ids)):
        raise NotFound("This video does not exist here. Load the list again.")
