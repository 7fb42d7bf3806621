"""Writes one act on many pictures into the log; the same request is recorded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.cards import EditCard
from backend.kit.ids import new_id
from backend.tables import DatasetEdit


def record(
    tx: Session,
    dataset_id: str,
    kind: Literal["captions", "included", "crops"],
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
    tx.refresh(row)
    return card_of(row)


def once(tx: Session, request_key: str) -> EditCard | None:
    """What an earlier call with the same key did."""
    found = tx.scalars(select(DatasetEdit).where(DatasetEdit.request_key == request_key)).first() if request_key else None
    return card_of(found) if found else None


def card_of(row: DatasetEdit) -> EditCard:
    return EditCard(row.id, row.kind, row.title, row.count, row.said_by, row.created_at, row.undone_at)
