"""Writes one act on many pictures into the log; the same request is recorded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import EditCard
from backend.db.tables import DatasetEdit
from backend.kit.ids import new_id

Act = Literal["captions", "included", "crops", "masks", "removed"]
CARD = (
    DatasetEdit.id, DatasetEdit.kind, DatasetEdit.title, DatasetEdit.count, DatasetEdit.said_by, DatasetEdit.created_at,
    DatasetEdit.undone_at,
)  # fmt: skip
"""What an EditCard says; what the undo needs may be megabytes and stays where it is."""


def record(
    tx: Session,
    dataset_id: str,
    kind: Act,
    title: str,
    undo: Mapping[str, Any],
    *,
    request_key: str = "",
    edit_id: str = "",
) -> EditCard:
    """`undo`: image id -> [what was before, the version or value that the act left]. The caller holds the dataset's lock."""
    row = DatasetEdit(id=edit_id or new_id("edit"), dataset_id=dataset_id, kind=kind, title=title, count=len(undo))
    row.undo, row.said_by, row.request_key = dict(undo), tx.info.get("user_id") or "", request_key
    tx.add(row)
    tx.flush()
    return EditCard(*tx.execute(select(*CARD).where(DatasetEdit.id == row.id)).one())


def once(tx: Session, request_key: str) -> EditCard | None:
    """What an earlier call with the same key did."""
    found = tx.execute(select(*CARD).where(DatasetEdit.request_key == request_key)).first() if request_key else None
    return EditCard(*found) if found else None
