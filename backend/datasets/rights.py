"""Rights statements: whose pictures these are, declared by whom, when and for how long. A statement is never overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.datasets.edit_cards import RightsEntry
from backend.datasets.queries import get
from backend.datasets.schemas import DatasetCard, RightsDraft, RightsKind
from backend.datasets.service import lock_dataset, refresh_status
from backend.db.tables import Dataset, DatasetRight
from backend.errors import Invalid
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr_lazy

SAMPLE_NOTE = tr_lazy("A sample character of this studio, free to use.")
STATEMENTS: dict[RightsKind, str] = {
    "made_up": tr_lazy("They show a made-up person, and I may use these pictures."),
    "myself": tr_lazy("They show me."),
    "agreed": tr_lazy("They show someone who agreed in writing to this use."),
}


def declare_rights(
    tx: Session,
    dataset_id: str,
    statement: str = "",
    *,
    kind: RightsKind = "",
    note: str = "",
    until: datetime | None = None,
) -> DatasetCard:
    """Stores a statement with the user and the time. `statement`: needed when `kind` is "". `until`: aware; None: no end.

    Raises Invalid, NotFound.
    """
    draft = RightsDraft(kind=kind, statement=statement or STATEMENTS.get(kind, ""), note=note, until=until)
    if kind == "withdrawn" or (until and until <= now()):
        raise Invalid(tr_lazy("The end of the agreement is in the past. Choose a later day, or none."))
    _save_statement(tx, dataset_id, draft)
    events.record(tx, "dataset.rights_declared", "dataset", dataset_id, {"statement": draft.statement, "kind": kind})
    return get(tx, dataset_id)


def declare_sample_rights(tx: Session, dataset_id: str) -> None:
    """Declares the rights of an empty dataset that gets a sample character, whose pictures are free to use."""
    lock_dataset(tx, dataset_id)
    card = get(tx, dataset_id)
    if not card.images and not card.rights_statement:
        declare_rights(tx, dataset_id, kind="made_up", note=SAMPLE_NOTE)


def withdraw_sample_rights(tx: Session, dataset_id: str) -> None:
    """The statement about a sample character does not cover pictures that a user adds, so it is withdrawn."""
    if get(tx, dataset_id).rights_note == SAMPLE_NOTE:
        withdraw_rights(tx, dataset_id, note=tr_lazy("Your own pictures were added to the sample character's."))


def withdraw_rights(tx: Session, dataset_id: str, *, note: str = "") -> DatasetCard:
    """Ends the current statement: no training on these pictures until there is another one. Raises NotFound, Invalid."""
    if not get(tx, dataset_id).rights_statement:
        raise Invalid(tr_lazy("Nothing has been declared about these pictures, so there is nothing to withdraw."))
    _save_statement(tx, dataset_id, RightsDraft(kind="withdrawn", note=note))
    events.record(tx, "dataset.rights_withdrawn", "dataset", dataset_id, {"note": note})
    return get(tx, dataset_id)


def rights_history(tx: Session, dataset_id: str) -> list[RightsEntry]:
    """Newest first."""
    query = select(DatasetRight).where(DatasetRight.dataset_id == dataset_id).order_by(DatasetRight.created_at.desc())
    return [RightsEntry(r.kind, r.statement, r.note, r.until, r.said_by, r.created_at) for r in tx.scalars(query)]  # type: ignore[arg-type]


def _save_statement(tx: Session, dataset_id: str, draft: RightsDraft) -> None:
    lock_dataset(tx, dataset_id)
    user_id, withdrawn = tx.info.get("user_id") or "", draft.kind == "withdrawn"
    statement = {"statement": draft.statement, "note": draft.note, "until": draft.until}
    tx.add(DatasetRight(id=new_id("rgt"), dataset_id=dataset_id, kind=draft.kind, said_by=user_id, **statement))
    values: dict[str, Any] = {f"rights_{name}": value for name, value in statement.items()}
    values |= {
        "rights_kind": "" if withdrawn else draft.kind,
        "rights_by": user_id or None,
        "rights_at": func.clock_timestamp(),
    }
    tx.flush()
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))
    refresh_status(tx, dataset_id)
