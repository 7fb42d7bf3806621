"""What of the face check can be undone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import IdentityProfile
from backend.identity import service
from backend.undo import Values

_COLUMNS = IdentityProfile.gate, IdentityProfile.extra_max, IdentityProfile.line


def _read(tx: Session, influencer_id: str) -> Values:
    """As the table has it by default where nobody has set anything."""
    row = tx.execute(select(*_COLUMNS).where(IdentityProfile.influencer_id == influencer_id).with_for_update()).first()
    gate, extra_max, line = row or ("mark", 4, None)
    return {"gate": gate, "extra_max": extra_max, "line": line}


def _write(tx: Session, influencer_id: str, values: Values) -> None:
    service.store_policy(tx, influencer_id, **values)


def register_parts() -> None:
    undo.register(undo.Part("influencer.face_check", read=_read, write=_write))
