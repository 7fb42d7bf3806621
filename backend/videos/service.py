"""Rating videos, deleting and restoring them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.db.tables import Clip, Picture
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy
from backend.undo import watch

_TRASHED = "trashed-clip"
"""What uses the files of a video in the trash."""


def rate(tx: Session, clip_ids: Sequence[str], rating: int) -> None:
    """0 (none) to 5 stars. Raises Invalid, NotFound."""
    if not 0 <= rating <= 5:
        raise Invalid(tr_lazy("A rating is 1 to 5 stars, or 0 for none."))
    with watch(tx, "clips", " ".join(clip_ids)):
        _update_videos(tx, clip_ids, rating=rating)
        events.record(tx, "clips.rated", "clip", clip_ids[0], {"ids": list(clip_ids), "rating": rating})


def set_favourite(tx: Session, clip_ids: Sequence[str], favourite: bool) -> None:
    """Adds videos to the favourites, or removes them. Raises Invalid, NotFound."""
    with watch(tx, "clips", " ".join(clip_ids)):
        _update_videos(tx, clip_ids, favourite=favourite)
        events.record(tx, "clips.favourite", "clip", clip_ids[0], {"ids": list(clip_ids), "favourite": favourite})


def delete(tx: Session, clip_ids: Sequence[str]) -> None:
    """Into the trash, where `undelete` brings them back until they are erased. Raises NotFound."""
    with watch(tx, "clips", " ".join(clip_ids)):
        _update_videos(tx, clip_ids, deleted_at=func.clock_timestamp())
        assets.rename_uses(tx, "clip", _TRASHED, clip_ids)
        events.record(tx, "clips.deleted", "clip", clip_ids[0], {"ids": list(clip_ids)})


def undelete(tx: Session, clip_ids: Sequence[str]) -> None:
    """All or none. Raises NotFound when one is gone for good."""
    finished = Clip.id.in_(clip_ids), Clip.asset_id.is_not(None)
    rows = tx.execute(select(Clip.id, Clip.asset_id, Clip.erased_at).where(*finished)).all()
    if any(erased_at for _, _, erased_at in rows):
        raise NotFound(tr_lazy("These videos were deleted for good. Make them again from their pictures."))
    pairs = [(str(asset_id), clip_id) for clip_id, asset_id, _ in rows]
    if {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs]):
        raise NotFound(
            tr_lazy("These videos were deleted too long ago: their files are gone. Make them again from their pictures.")
        )
    _update_videos(tx, clip_ids, deleted_at=None)
    assets.unuse_all(tx, _TRASHED, clip_ids)
    sources = tx.execute(
        select(Picture.asset_id, Clip.id).join(Clip, Clip.picture_id == Picture.id).where(Clip.id.in_(clip_ids))
    )
    assets.use_all(tx, "clip", [*pairs, *((asset_id, clip_id) for asset_id, clip_id in sources)])


def erase(tx: Session, clip_ids: Sequence[str]) -> int:
    """Deletes videos of the trash for good, their files too unless something else uses them. Others are left alone. Returns
    how many."""
    in_trash = Clip.id.in_(clip_ids), Clip.deleted_at.is_not(None), Clip.erased_at.is_(None)
    erasing = update(Clip).where(*in_trash).values(erased_at=func.clock_timestamp())
    erased = tx.execute(erasing.returning(Clip.id, Clip.asset_id, Clip.picture_id)).all()
    if not erased:
        return 0
    ids = [clip_id for clip_id, _, _ in erased]
    assets.unuse_all(tx, _TRASHED, ids)
    erased_sources = select(Picture.asset_id).where(
        Picture.id.in_([picture_id for _, _, picture_id in erased]), Picture.erased_at.is_not(None)
    )
    assets.delete_unused(tx, [*(str(asset_id) for _, asset_id, _ in erased if asset_id), *tx.scalars(erased_sources)])
    events.record(tx, "clips.erased", "clip", ids[0], {"ids": ids})
    return len(ids)


def _update_videos(tx: Session, clip_ids: Sequence[str], **values: object) -> None:
    """All or none, of those that are made. Raises Invalid, NotFound."""
    if not clip_ids:
        raise Invalid(tr_lazy("Choose at least one video."))
    finished = Clip.id.in_(clip_ids), Clip.asset_id.is_not(None)
    changed = tx.execute(update(Clip).where(*finished).values(**values).returning(Clip.id)).all()
    if len(changed) != len(set(clip_ids)):
        raise NotFound(tr_lazy("This video does not exist here. Load the list again."))
