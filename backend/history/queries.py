"""Reads what people did: events that they caused, and acts that no event tells, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db.tables import EventRow, UndoRow
from backend.errors import Invalid
from backend.history import names, reasons, sentences
from backend.history.schemas import NOUN_GROUPS, Change, HistoryItem, HistoryPage, NounGroup
from backend.language import tr_lazy
from backend.undo import UndoOffer

_KINDS = tuple(sentences.SENTENCES)
_NOUN_OF_ACT = func.split_part(UndoRow.verb, ".", 1)


def page(
    tx: Session, *, user_id: str, group: NounGroup | None = None, cursor: str | None = None, take: int = 50
) -> HistoryPage:
    """What `user_id` did in the workspace. `group`: only of these nouns; `cursor`: of the page before.

    Raises Invalid (cursor).
    """
    if cursor and not (len(cursor) == 26 and cursor.isalnum()):
        raise Invalid(tr_lazy("This cursor is not one of ours. Begin at the first page."))
    rows = [*_of_events(tx, user_id, group, cursor, take + 1), *_of_acts(tx, user_id, group, cursor, take + 1)]
    rows.sort(key=lambda row: row[0], reverse=True)
    shown = rows[:take]
    names_by_thing = names.read(tx, {(change.noun, change.noun_id) for _, change, _, _ in shown})
    entries = [_entry(row, names_by_thing) for row in shown]
    return HistoryPage(entries, shown[-1][0] if len(rows) > take else None)


def sentence_of(tx: Session, offer: UndoOffer) -> str:
    """What was just done, for a toast with its undo; "" where nothing tells it. For `worded`."""
    row = tx.get_one(UndoRow, offer.id)
    event = tx.get(EventRow, row.event_id) if row.event_id else None
    change = _change_by_event(event) if event else _change_by_act(row)
    if change.kind not in sentences.SENTENCES:
        return ""
    return sentences.sentence(_named(change, names.read(tx, [(change.noun, change.noun_id)])))


def named(tx: Session, changes: Sequence[Change]) -> list[Change]:
    """The same with the names of what they are about."""
    names_by_thing = names.read(tx, {(change.noun, change.noun_id) for change in changes})
    return [_named(change, names_by_thing) for change in changes]


_Row = tuple[str, Change, datetime, UndoRow | None]
"""(what it is sorted by, what it says, when, its undo entry)"""


def _of_events(tx: Session, user_id: str, group: NounGroup | None, cursor: str | None, take: int) -> list[_Row]:
    where: list[Any] = [EventRow.user_id == user_id, EventRow.job_id.is_(None), EventRow.kind.in_(_KINDS)]
    if group:
        where.append(EventRow.noun.in_(NOUN_GROUPS[group]))
    if cursor:
        where.append(EventRow.id < f"evt_{cursor}")
    query = select(EventRow).where(*where).order_by(EventRow.id.desc()).limit(take)
    rows: Sequence[EventRow] = tx.scalars(query).all()
    entry_rows = tx.scalars(select(UndoRow).where(UndoRow.event_id.in_([row.id for row in rows])).order_by(UndoRow.id))
    undo_by_event: Mapping[str | None, UndoRow] = {row.event_id: row for row in entry_rows}
    return [(_tail(row.id), _change_by_event(row), row.created_at, undo_by_event.get(row.id)) for row in rows]


def _of_acts(tx: Session, user_id: str, group: NounGroup | None, cursor: str | None, take: int) -> list[_Row]:
    where: list[Any] = [UndoRow.created_by == user_id, UndoRow.event_id.is_(None), UndoRow.verb.in_(_KINDS)]
    if group:
        where.append(_NOUN_OF_ACT.in_(NOUN_GROUPS[group]))
    if cursor:
        where.append(UndoRow.id < f"act_{cursor}")
    query = select(UndoRow).where(*where).order_by(UndoRow.id.desc()).limit(take)
    return [(_tail(row.id), _change_by_act(row), row.created_at, row) for row in tx.scalars(query)]


def _change_by_event(row: EventRow) -> Change:
    return Change(row.kind, row.noun, row.noun_id, row.data)


def _change_by_act(row: UndoRow) -> Change:
    return Change(row.verb, row.verb.partition(".")[0], row.noun_id, row.after or {})


def _tail(row_id: str) -> str:
    """The part of an id that sorts by time, whatever it is of."""
    return row_id.rpartition("_")[2]


def _named(change: Change, names_by_thing: Mapping[tuple[str, str], str]) -> Change:
    name = names_by_thing.get((change.noun, change.noun_id)) or str(change.data.get("name") or change.data.get("title") or "")
    name = name or (tr_lazy("Untitled") if change.noun == "plan" else "…")  # a post needs no topic
    return Change(change.kind, change.noun, change.noun_id, change.data, name)


def _entry(row: _Row, names_by_thing: Mapping[tuple[str, str], str]) -> HistoryItem:
    position, change, at, undo_row = row
    change = _named(change, names_by_thing)
    can_undo = undo_row is not None and undo_row.undone_at is None
    return HistoryItem(
        id=undo_row.id if undo_row else f"evt_{position}",
        kind=change.kind,
        noun=change.noun,
        noun_id=change.noun_id,
        sentence=sentences.sentence(change),
        at=at,
        can_undo=can_undo,
        undone_at=undo_row.undone_at if undo_row else None,
        why_not="" if can_undo else reasons.why_not(change.kind, undone=undo_row is not None),
    )
