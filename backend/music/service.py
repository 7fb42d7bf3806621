"""The verbs of music: add a track from an upload, change what is known of it, delete, bring back, erase."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, jobs
from backend.assets import uploads
from backend.db.tables import Track
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.music.queries import get
from backend.music.rules import checked
from backend.music.schemas import IMPORT_KIND, NOUN, UPLOAD_NOUN, NewTrack, TrackCard, TrackDraft, TrackPayload
from backend.undo import undoable

_TRASHED = "trashed-track"
"""What uses the file of a track in the trash."""


def add(tx: Session, draft: NewTrack, *, request_key: str) -> TrackCard:
    """Takes an uploaded file as music: a job checks it, then it can be used. The same `request_key` returns the first track.

    Raises Invalid (something is missing, the licence does not do), NotFound, Conflict (the upload was taken or is not here).
    """
    if job := jobs.find_by_key(tx, request_key):
        track_id = tx.scalar(select(Track.id).where(Track.job_id == job.id))
        if track_id is None:
            raise Invalid(tr_lazy("This request key was used for something else. Send a new one."))
        return get(tx, track_id)
    clean = checked(draft)
    upload = uploads.get(tx, draft.upload_id)
    if upload.noun != UPLOAD_NOUN:
        raise NotFound(tr_lazy("This upload does not exist here. Choose the file again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This file was used already, or has not arrived yet. Choose it again."))
    track_id = new_id("trk")
    job = jobs.enqueue(
        tx,
        kind=IMPORT_KIND,
        payload=TrackPayload(track_id=track_id, upload_id=upload.id),
        title=tr_lazy("Music: {title}", title=clean.title),
        request_key=request_key,
        subject=(NOUN, track_id),
    )
    tx.add(Track(id=track_id, job_id=job.id, created_by=tx.info.get("user_id"), **clean.model_dump()))
    tx.flush()
    uploads.accept(tx, [upload.id])
    events.record(tx, "music.added", NOUN, track_id, {"licence": clean.licence})
    return get(tx, track_id)


@undoable("track.saved")
def save(tx: Session, track_id: str, draft: TrackDraft) -> TrackCard:
    """Changes title, licence, source or credit. Films keep what was known when they were made. Raises NotFound, Invalid."""
    _require_own(tx, track_id)
    tx.execute(update(Track).where(Track.id == track_id).values(**checked(draft).model_dump()))
    events.record(tx, "music.changed", NOUN, track_id)
    return get(tx, track_id)


@undoable("track.deleted")
def delete(tx: Session, track_id: str) -> None:
    """Into the trash, where `undelete` brings it back until it is erased; one that cannot be heard is gone at once. Finished
    films keep it. Raises NotFound, Invalid."""
    card = _require_own(tx, track_id)
    at = func.clock_timestamp()
    gone = {} if card.is_ready else {"erased_at": at}
    tx.execute(update(Track).where(Track.id == track_id).values(deleted_at=at, **gone))
    assets.rename_uses(tx, NOUN, _TRASHED, [track_id])
    events.record(tx, "music.deleted", NOUN, track_id)


def undelete(tx: Session, track_ids: Sequence[str]) -> None:
    """All or none. Raises NotFound when one was erased."""
    rows = tx.execute(select(Track.id, Track.asset_id).where(Track.id.in_(track_ids), Track.erased_at.is_(None))).all()
    pairs = [(str(asset_id), track_id) for track_id, asset_id in rows if asset_id]
    gone = {asset_id for asset_id, _ in pairs} - assets.restore(tx, [asset_id for asset_id, _ in pairs])
    if len(rows) < len(set(track_ids)) or gone:
        raise NotFound(tr_lazy("This music was deleted for good. Upload it again."))
    tx.execute(update(Track).where(Track.id.in_(track_ids)).values(deleted_at=None))
    assets.unuse_all(tx, _TRASHED, list(track_ids))
    assets.use_all(tx, NOUN, pairs)
    events.record(tx, "music.restored", NOUN, track_ids[0], {"ids": list(track_ids)})


def erase(tx: Session, track_ids: Sequence[str]) -> int:
    """Deletes music of the trash for good, with its files. Others are left alone. Returns how many."""
    in_trash = Track.id.in_(track_ids), Track.deleted_at.is_not(None), Track.erased_at.is_(None)
    erasing = update(Track).where(*in_trash).values(erased_at=func.clock_timestamp())
    erased = tx.execute(erasing.returning(Track.id, Track.asset_id)).all()
    if erased:
        ids = [track_id for track_id, _ in erased]
        assets.unuse_all(tx, _TRASHED, ids)
        assets.delete_unused(tx, [str(asset_id) for _, asset_id in erased if asset_id])
        events.record(tx, "music.erased", NOUN, ids[0], {"ids": ids})
    return len(erased)


def _require_own(tx: Session, track_id: str) -> TrackCard:
    card = get(tx, track_id)
    if card.bundled:
        raise Invalid(tr_lazy("This track came with the studio. It cannot be changed or deleted."))
    if card.deleted_at:
        raise NotFound(tr_lazy("This music was deleted. Restore it from the trash first."))
    return card
