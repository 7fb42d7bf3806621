"""What of LoRAs can be undone."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Influencer, Lora
from backend.loras import service, trash
from backend.undo import Values


def _read_deletion(tx: Session, lora_id: str) -> Values | None:
    """`default_of`: whose default it is; in the trash it is nobody's."""
    values = undo.columns(Lora, "deleted_at", where=Lora.erased_at.is_(None))(tx, lora_id)
    if values is None:
        return None
    default_of = tx.scalars(select(Influencer.id).where(Influencer.default_lora_id == lora_id).order_by(Influencer.id))
    return {"deleted": values["deleted_at"] is not None, "default_of": list(default_of)}


def _set_deletion(tx: Session, lora_id: str, values: Values) -> None:
    if values["deleted"]:
        trash.delete(tx, lora_id, force=True)
        return
    trash.undelete(tx, [lora_id])
    without_one = Influencer.id.in_(values["default_of"]), Influencer.default_lora_id.is_(None)
    tx.execute(update(Influencer).where(*without_one).values(default_lora_id=lora_id))


def register_parts() -> None:
    undo.register(
        undo.Part(
            "lora.name",
            read=undo.columns(Lora, "name", where=Lora.deleted_at.is_(None)),
            write=lambda tx, lora_id, values: service.rename(tx, lora_id, values["name"]),
        )
    )
    undo.register(undo.Part("lora.deleted", read=_read_deletion, write=_set_deletion))
