"""Review of the pictures that the face check holds: a person shows or rejects them, and can undo that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Picture, PictureCheck
from backend.errors import Conflict, Invalid, NotFound
from backend.identity import GateState
from backend.language import tr_lazy
from backend.undo import watch

ReviewDecision = Literal["approved", "rejected"]
_GATE = {"approved": "open", "rejected": "rejected"}


def decide(
    tx: Session, picture_ids: Sequence[str], decision: ReviewDecision, *, expected: GateState | None = None
) -> dict[str, str]:
    """Shows (`approved`) or rejects pictures; nothing is deleted. Returns picture -> gate before, for `undo_decision`.
    `expected`: where all of them were when they were looked at.

    All or none. Raises Invalid, NotFound, Conflict (one of them is not where it was expected).
    """
    before = _lock_gates(tx, picture_ids, expected)
    with watch(tx, "pictures.gate", " ".join(before)):
        _set_gates(tx, dict.fromkeys(before, _GATE[decision]), decision)
        events.record(tx, f"pictures.{decision}", "picture", next(iter(before)), {"ids": list(before)})
    return before


def undo_decision(tx: Session, before: Mapping[str, str], *, expected: GateState | None = None) -> None:
    """Undoes `decide`: `before` is what it returned. `expected`: where it had put them. Raises as `decide`."""
    if set(before.values()) - {"open", "held", "rejected"}:
        raise Invalid(tr_lazy("This cannot be undone: the list of pictures is damaged. Load the page again."))
    _lock_gates(tx, list(before), expected)
    _set_gates(tx, before, "")


def held_counts(tx: Session) -> dict[str, int]:
    """How many pictures are held and how many rejected."""
    query = select(Picture.gate, func.count()).where(Picture.gate != "open", Picture.deleted_at.is_(None))
    counts = {gate: n for gate, n in tx.execute(query.group_by(Picture.gate))}
    return {"held": counts.get("held", 0), "rejected": counts.get("rejected", 0)}


def _lock_gates(tx: Session, picture_ids: Sequence[str], expected: str | None) -> dict[str, str]:
    if not picture_ids:
        raise Invalid(tr_lazy("Choose at least one picture."))
    query = select(Picture.id, Picture.gate).where(Picture.id.in_(picture_ids), Picture.deleted_at.is_(None))
    gates = {picture_id: gate for picture_id, gate in tx.execute(query.order_by(Picture.id).with_for_update())}
    if len(gates) != len(set(picture_ids)):
        raise NotFound(tr_lazy("One of these pictures does not exist here any more. Load the page again."))
    if expected and set(gates.values()) != {expected}:
        raise Conflict(tr_lazy("Somebody has already decided on one of these pictures. Load them again, then decide."))
    return gates


def _set_gates(tx: Session, gates: Mapping[str, str], decision: str) -> None:
    for gate in set(gates.values()):
        picture_ids = [picture_id for picture_id, target in gates.items() if target == gate]
        tx.execute(update(Picture).where(Picture.id.in_(picture_ids)).values(gate=gate))
    decided = {"decided_by": tx.info.get("user_id"), "decided_at": func.clock_timestamp()} if decision else {}
    values = {"decision": decision, "decided_by": None, "decided_at": None, **decided}
    new = insert(PictureCheck).values([{"picture_id": picture_id, **values} for picture_id in gates])
    tx.execute(new.on_conflict_do_update(index_elements=["tenant_id", "picture_id"], set_=values))
