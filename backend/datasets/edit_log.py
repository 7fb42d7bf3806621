"""Records edits of many pictures; the same request key is recorded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import EditCard
from backend.db.tables import DatasetEdit
from backend.kit.ids import new_id

EditKind = Literal["captions", "included", "crops", "masks", "removed"]
EDIT_CARD_COLUMNS = (
    DatasetEdit.id,
    DatasetEdit.kind,
    DatasetEdit.title,
    DatasetEdit.count,
    DatasetEdit.said_by,
    DatasetEdit.created_at,
    DatasetEdit.undone_at,
)
"""The columns of an EditCard, without `undo`, which can be megabytes."""


def record_edit(
    tx: Session,
    dataset_id: str,
    kind: EditKind,
    title: str,
    undo: Mapping[str, Any],
    *,
    request_key: str = "",
    edit_id: str = "",
) -> EditCard:
    """`undo`: image id -> [value before, version or value after the edit]. The caller holds the dataset's lock."""
    row = DatasetEdit(id=edit_id or new_id("edit"), dataset_id=dataset_id, kind=kind, title=title, count=len(undo))
    row.undo, row.said_by, row.request_key = dict(undo), tx.info.get("user_id") or "", request_key
    tx.add(row)
    tx.flush()
    return EditCard(*tx.execute(select(*EDIT_CARD_COLUMNS).where(DatasetEdit.id == row.id)).one())


def find_edit_by_key(tx: Session, request_key: str) -> EditCard | None:
    """The edit of an earlier call with the same key; None for an empty or new key."""
    row = tx.execute(select(*EDIT_CARD_COLUMNS).where(DatasetEdit.request_key == request_key)).first() if request_key else None
    return EditCard(*row) if row else None
