"""Rating pictures, deleting and restoring them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, influencers
from backend.db.tables import BoardPicture, Picture
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy

_TRASHED = "trashed-picture"
"""What uses the file of a picture in the trash."""


def rate(tx: Session, picture_ids: Sequence[str], rating: int) -> None:
    """0 (none) to 5 stars. Raises Invalid, NotFound."""
    if not 0 <= rating <= 5:
        raise Invalid(tr_lazy("A rating is 1 to 5 stars, or 0 for none."))
    _update_pictures(tx, picture_ids, rating=rating)


def set_favourite(tx: Session, picture_ids: Sequence[str], favourite: bool) -> None:
    """Adds pictures to the favourites, or removes them. Raises Invalid, NotFound."""
    _update_pictures(tx, picture_ids, favourite=favourite)


def delete(tx: Session, picture_ids: Sequence[str]) -> None:
    """Into the trash, where `undelete` brings them back until they are erased. Raises NotFound."""
    _update_pictures(tx, picture_ids, deleted_at=func.clock_timestamp())
    assets.rename_uses(tx, "picture", _TRASHED, picture_ids)
    events.record(tx, "pictures.deleted", "picture", picture_ids[0], {"ids": list(picture_ids)})


def undelete(tx: Session, picture_ids: Sequence[str]) -> None:
    """All or none. Raises NotFound when one is gone for good."""
    pairs = _assets(tx, picture_ids)
    if {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs]):
        raise NotFound(
            tr_lazy("These pictures were deleted too long ago: their files are gone. Create them again from their prompts.")
        )
    _update_pictures(tx, picture_ids, deleted_at=None)
    assets.unuse_all(tx, _TRASHED, picture_ids)
    assets.use_all(tx, "picture", pairs)


def erase(tx: Session, picture_ids: Sequence[str]) -> int:
    """Deletes pictures of the trash for good: off their boards, without prompt, their files too unless something else uses
    them. Others are left alone. Returns how many."""
    in_trash = Picture.id.in_(picture_ids), Picture.deleted_at.is_not(None), Picture.erased_at.is_(None)
    values = {"erased_at": func.clock_timestamp(), "prompt": "", "shot": {}}
    erased = tx.execute(update(Picture).where(*in_trash).values(**values).returning(Picture.id, Picture.asset_id)).all()
    if not erased:
        return 0
    ids = [picture_id for picture_id, _ in erased]
    tx.execute(sql_delete(BoardPicture).where(BoardPicture.picture_id.in_(ids)))
    assets.unuse_all(tx, _TRASHED, ids)
    assets.delete_unused(tx, [asset_id for _, asset_id in erased])
    events.record(tx, "pictures.erased", "picture", ids[0], {"ids": ids})
    return len(ids)


def make_cover(tx: Session, picture_id: str) -> None:
    """The picture becomes the cover of its influencer. Raises NotFound, Invalid."""
    row = tx.scalars(select(Picture).where(Picture.id == picture_id, Picture.deleted_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound(tr_lazy("This picture does not exist here. It may have been deleted."))
    if not row.influencer_id:
        raise Invalid(tr_lazy("This picture belongs to no influencer. Choose the cover on the influencer's page."))
    influencers.set_cover(tx, row.influencer_id, row.asset_id)


def _assets(tx: Session, picture_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(asset id, picture id). Raises NotFound: one was erased."""
    rows = tx.execute(select(Picture.asset_id, Picture.id, Picture.erased_at).where(Picture.id.in_(picture_ids))).all()
    if any(erased_at for _, _, erased_at in rows):
        raise NotFound(tr_lazy("These pictures were deleted for good. Create them again."))
    return [(asset_id, picture_id) for asset_id, picture_id, _ in rows]


def _update_pictures(tx: Session, picture_ids: Sequence[str], **values: object) -> None:
    """All or none. Raises NotFound."""
    if not picture_ids:
        raise Invalid(tr_lazy("Choose at least one picture."))
    changed = tx.execute(update(Picture).where(Picture.id.in_(picture_ids)).values(**values).returning(Picture.id)).all()
    if len(changed) != len(set(picture_ids)):
        raise NotFound(tr_lazy("One of these pictures does not exist here. Load the gallery again."))
