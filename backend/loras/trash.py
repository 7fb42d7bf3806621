"""The trash: deleted LoRAs keep their file until they are erased."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.db.tables import Influencer, Lora
from backend.errors import Conflict, NotFound
from backend.language import joined, tr_lazy
from backend.loras.queries import get, usages
from backend.undo import watch

NOUN, _TRASHED = "lora", "trashed-lora"


def delete(tx: Session, lora_id: str, *, force: bool = False) -> None:
    """Takes it out of the library, into the trash. Raises NotFound, and Conflict naming what uses it unless `force`."""
    card = get(tx, lora_id)
    if (usage_texts := usages(tx, lora_id)) and not force:
        raise Conflict(
            tr_lazy(
                "{name} is used: {uses}. Delete it anyway? The pictures stay.",
                name=card.name,
                uses=joined(*usage_texts, separator=", "),
            ),
            uses=usage_texts,
        )
    with watch(tx, "lora.deleted", lora_id):
        tx.execute(update(Influencer).where(Influencer.default_lora_id == lora_id).values(default_lora_id=None))
        tx.execute(update(Lora).where(Lora.id == lora_id).values(deleted_at=func.clock_timestamp()))
        assets.rename_uses(tx, NOUN, _TRASHED, [lora_id])
        events.record(tx, "lora.deleted", NOUN, lora_id, {"name": card.name})


def undelete(tx: Session, lora_ids: Sequence[str]) -> None:
    """All or none; nobody's default is changed. Raises NotFound (one was erased), Conflict (another LoRA has its name)."""
    for lora_id in lora_ids:
        row = tx.scalars(select(Lora).where(Lora.id == lora_id, Lora.erased_at.is_(None)).with_for_update()).one_or_none()
        if row is None:
            raise NotFound(tr_lazy("This LoRA was deleted for good. Train or upload it again."))
        same_name = select(Lora.id).where(Lora.name == row.name, Lora.id != lora_id, Lora.deleted_at.is_(None))
        if tx.scalar(same_name) is not None:
            raise Conflict(
                tr_lazy("Meanwhile another LoRA is called “{name}”. Rename that one first, then try again.", name=row.name)
            )
        row.deleted_at = None
        tx.flush()
        assets.rename_uses(tx, _TRASHED, NOUN, [lora_id])
        events.record(tx, "lora.restored", NOUN, lora_id, {"name": row.name})


def erase(tx: Session, lora_ids: Sequence[str]) -> int:
    """Deletes LoRAs of the trash for good, with their files. Others are left alone. Returns how many."""
    in_trash = Lora.id.in_(lora_ids), Lora.deleted_at.is_not(None), Lora.erased_at.is_(None)
    erasing = update(Lora).where(*in_trash).values(erased_at=func.clock_timestamp()).returning(Lora.id, Lora.asset_id)
    erased = tx.execute(erasing).all()
    if erased:
        ids = [lora_id for lora_id, _ in erased]
        assets.unuse_all(tx, _TRASHED, ids)
        assets.delete_unused(tx, [asset_id for _, asset_id in erased])
        events.record(tx, "loras.erased", NOUN, ids[0], {"ids": ids})
    return len(erased)
