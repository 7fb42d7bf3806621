"""The queue of pictures that the identity gate holds: a person shows or rejects them, and can take that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Picture, PictureCheck
from backend.errors import Invalid, NotFound

Decision = Literal["approved", "rejected"]
_GATE = {"approved": "open", "rejected": "rejected"}


def decide(tx: Session, picture_ids: Sequence[str], decision: Decision) -> dict[str, str]:
    """Shows (`approved`) or rejects pictures; nothing is deleted. Returns picture -> where it was, for `take_back`.

    All or none. Raises Invalid, NotFound.
    """
    before = _locked(tx, picture_ids)
    _write(tx, dict.fromkeys(before, _GATE[decision]), decision)
    events.record(tx, f"pictures.{decision}", "picture", next(iter(before)), {"ids": list(before)})
    return before


def take_back(tx: Session, before: Mapping[str, str]) -> None:
    """Undoes `decide`: `before` is what it returned. Raises Invalid, NotFound."""
    if set(before.values()) - {"open", "held", "rejected"}:
        raise Invalid("This cannot be taken back: the list of pictures is damaged. Load the page again.")
    _locked(tx, list(before))
    _write(tx, before, "")


def waiting(tx: Session) -> dict[str, int]:
    """How many pictures are held and how many rejected."""
    query = select(Picture.gate, func.count()).where(Picture.gate != "open", Picture.deleted_at.is_(None))
    found = {gate: n for gate, n in tx.execute(query.group_by(Picture.gate))}
    return {"held": found.get("held", 0), "rejected": found.get("rejected", 0)}


def _locked(tx: Session, picture_ids: Sequence[str]) -> dict[str, str]:
    if not picture_ids:
        raise Invalid("Choose at least one picture.")
    query = select(Picture.id, Picture.gate).where(Picture.id.in_(picture_ids), Picture.deleted_at.is_(None))
    found = {one: gate for one, gate in tx.execute(query.order_by(Picture.id).with_for_update())}
    if len(found) != len(set(picture_ids)):
        raise NotFound("One of these pictures does not exist here any more. Load the page again.")
    return found


def _write(tx: Session, gates: Mapping[str, str], decision: str) -> None:
    for gate in set(gates.values()):
        mine = [one for one, wanted in gates.items() if wanted == gate]
        tx.execute(update(Picture).where(Picture.id.in_(mine)).values(gate=gate))
    who = {"decided_by": tx.info.get("user_id"), "decided_at": func.clock_timestamp()} if decision else {}
    values = {"decision": decision, "decided_by": None, "decided_at": None, **who}
    new = insert(PictureCheck).values([{"picture_id": one, **values} for one in gates])
    tx.execute(new.on_conflict_do_update(index_elements=["tenant_id", "picture_id"], set_=values))
