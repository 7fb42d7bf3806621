"""What of videos can be undone. Its ids are those of one or many videos, with spaces between them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Clip
from backend.undo import Values
from backend.videos import service


def _read(tx: Session, clip_ids: str) -> Values | None:
    """Stars, favourite and whether it is in the trash, of each that was not erased."""
    conditions = Clip.id.in_(clip_ids.split()), Clip.erased_at.is_(None)
    columns = (
        select(Clip.id, Clip.rating, Clip.favourite, Clip.deleted_at).where(*conditions).order_by(Clip.id).with_for_update()
    )
    return {
        clip_id: {"rating": rating, "favourite": favourite, "deleted": deleted_at is not None}
        for clip_id, rating, favourite, deleted_at in tx.execute(columns)
    }


def _write(tx: Session, clip_ids: str, values: Values) -> None:
    now = _read(tx, clip_ids) or {}
    changed = {
        name: {clip_id: was[name] for clip_id, was in values.items() if now[clip_id][name] != was[name]}
        for name in ("rating", "favourite", "deleted")
    }
    for rating in sorted(set(changed["rating"].values())):
        service.rate(tx, [clip_id for clip_id, was in changed["rating"].items() if was == rating], rating)
    for favourite in sorted(set(changed["favourite"].values())):
        service.set_favourite(tx, [clip_id for clip_id, was in changed["favourite"].items() if was == favourite], favourite)
    for was_deleted, verb in ((True, service.delete), (False, service.undelete)):
        if ids := [clip_id for clip_id, was in changed["deleted"].items() if was == was_deleted]:
            verb(tx, ids)


def register_parts() -> None:
    undo.register(undo.Part("clips", read=_read, write=_write))
