"""What of music can be undone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Track
from backend.music import service
from backend.music.schemas import TrackDraft
from backend.undo import Values


def _read_deletion(tx: Session, track_id: str) -> Values | None:
    values = undo.columns(Track, "deleted_at", where=Track.erased_at.is_(None))(tx, track_id)
    return values and {"deleted": values["deleted_at"] is not None}


def _set_deletion(tx: Session, track_id: str, values: Values) -> None:
    if values["deleted"]:
        service.delete(tx, track_id)
    else:
        service.undelete(tx, [track_id])


def register_parts() -> None:
    undo.register(
        undo.Part(
            "track.saved",
            read=undo.columns(Track, *TrackDraft.model_fields, where=Track.deleted_at.is_(None)),
            write=lambda tx, track_id, values: service.save(tx, track_id, TrackDraft(**values)),
        )
    )
    undo.register(undo.Part("track.deleted", read=_read_deletion, write=_set_deletion, has_own_offer=True))
