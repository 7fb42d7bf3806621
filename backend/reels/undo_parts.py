"""What of reels can be undone; changes of their scenes have an undo of their own beside the storyboard."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Reel
from backend.reels import service
from backend.undo import Values


def _read_deletion(tx: Session, reel_id: str) -> Values | None:
    values = undo.columns(Reel, "deleted_at")(tx, reel_id)
    return values and {"deleted": values["deleted_at"] is not None}


def _set_deletion(tx: Session, reel_id: str, values: Values) -> None:
    (service.delete if values["deleted"] else service.undelete)(tx, reel_id)


def register_parts() -> None:
    undo.register(undo.Part("reel.deleted", read=_read_deletion, write=_set_deletion))
