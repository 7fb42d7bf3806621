"""What of datasets can be undone; their changes of pictures are undone by the log of each dataset."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.datasets import trash
from backend.db.tables import Dataset
from backend.undo import Values


def _read_deletion(tx: Session, dataset_id: str) -> Values | None:
    values = undo.columns(Dataset, "deleted_at", where=Dataset.erased_at.is_(None))(tx, dataset_id)
    return values and {"deleted": values["deleted_at"] is not None}


def _set_deletion(tx: Session, dataset_id: str, values: Values) -> None:
    if values["deleted"]:
        trash.delete(tx, dataset_id)
    else:
        trash.undelete(tx, [dataset_id])


def register_parts() -> None:
    undo.register(undo.Part("dataset.deleted", read=_read_deletion, write=_set_deletion))
