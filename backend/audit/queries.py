"""Reads the audit log, newest first, and notes who read or exported it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, text
from sqlalchemy.orm import Session

from backend import accounts, events, history
from backend.audit.schemas import AuditEntry, AuditFilters, AuditPage
from backend.audit.sentences import AUDITED
from backend.db.tables import ApiKey, AuditChange, EventRow, User
from backend.errors import Invalid
from backend.history import NOUN_GROUPS, Change
from backend.kit.ids import first_id
from backend.language import tr_lazy

_KINDS = tuple(AUDITED)
_NOUN_OF_VERB = func.split_part(AuditChange.verb, ".", 1)
_CURSOR_CHARACTERS = 26
_READ_EVERY = text("interval '1 hour'")
"""A reading by the same operator is noted once within this."""


def page(tx: Session, filters: AuditFilters, *, cursor: str | None = None, take: int = 50) -> AuditPage:
    """What people and their programs did in the workspace, as an owner. `cursor`: of the page before.

    Raises NotPermitted (not an owner), Invalid (cursor).
    """
    accounts.require_owner(tx)
    if cursor and not (len(cursor) == _CURSOR_CHARACTERS and cursor.isalnum()):
        raise Invalid(tr_lazy("This cursor is not one of ours. Begin at the first page."))
    things = history.find_things(tx, filters.text) if filters.text else []
    event_rows = tx.scalars(_events(filters, things, cursor, take + 1)).all()
    changes_of_events = select(AuditChange).where(AuditChange.event_id.in_([row.id for row in event_rows]))
    change_by_event: Mapping[str | None, AuditChange] = {row.event_id: row for row in tx.scalars(changes_of_events)}
    rows: list[tuple[EventRow | AuditChange, AuditChange | None]] = [(row, change_by_event.get(row.id)) for row in event_rows]
    rows += [(row, row) for row in tx.scalars(_untold(filters, things, cursor, take + 1))]
    rows.sort(key=lambda pair: _tail(pair[0].id), reverse=True)
    shown = rows[:take]
    return AuditPage(_entries(tx, shown), _tail(shown[-1][0].id) if len(rows) > take else None)


def note_reading(tx: Session) -> None:
    """Leaves a trace that an operator of the installation looked at the log, once an hour for each."""
    user_id = tx.info["user_id"]
    recent = EventRow.created_at > func.clock_timestamp() - _READ_EVERY
    this_log = EventRow.noun == "audit", EventRow.noun_id == tx.info["tenant_id"], EventRow.kind == "audit.read"
    if tx.scalar(select(EventRow.id).where(*this_log, EventRow.user_id == user_id, recent).limit(1)) is None:
        events.record(tx, "audit.read", "audit", tx.info["tenant_id"])


def note_export(tx: Session, n: int, file_format: str) -> None:
    """Leaves a trace that the caller took `n` entries with them."""
    events.record(tx, "audit.exported", "audit", tx.info["tenant_id"], {"n": n, "format": file_format})


def _events(filters: AuditFilters, things: Sequence[str], cursor: str | None, take: int) -> Select[EventRow]:
    where = [*_narrowed(EventRow, filters, things, cursor, "evt"), EventRow.kind.in_(_KINDS)]
    if filters.group:
        where.append(EventRow.noun.in_(NOUN_GROUPS[filters.group]))
    return select(EventRow).where(*where).order_by(EventRow.id.desc()).limit(take)


def _untold(filters: AuditFilters, things: Sequence[str], cursor: str | None, take: int) -> Select[AuditChange]:
    """Changes that no event tells of."""
    own = AuditChange.event_id.is_(None), AuditChange.verb.in_(_KINDS)
    where = [*_narrowed(AuditChange, filters, things, cursor, "act"), *own]
    if filters.group:
        where.append(_NOUN_OF_VERB.in_(NOUN_GROUPS[filters.group]))
    return select(AuditChange).where(*where).order_by(AuditChange.id.desc()).limit(take)


def _narrowed(
    table: type[EventRow] | type[AuditChange], filters: AuditFilters, things: Sequence[str], cursor: str | None, prefix: str
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [table.source.is_not(None)]
    if cursor:
        where.append(table.id < f"{prefix}_{cursor}")
    if filters.user_id:
        where.append(table.user_id == filters.user_id)
    if filters.source:
        where.append(table.source == filters.source)
    if filters.noun_id:
        where.append(table.noun_id == filters.noun_id)
    if filters.since:  # ids sort by time, so the index ends the reading; the time itself decides
        where += [table.id >= first_id(prefix, filters.since), table.created_at >= filters.since]
    if filters.until:
        where += [table.created_at < filters.until]
    if filters.text:
        where.append(_has_text(table, filters.text, things))
    return where


def _has_text(table: type[EventRow] | type[AuditChange], part: str, things: Sequence[str]) -> ColumnElement[bool]:
    people = select(User.id).where(or_(User.name.icontains(part, autoescape=True), User.email.icontains(part, autoescape=True)))
    keys = select(ApiKey.id).where(ApiKey.name.icontains(part, autoescape=True))
    conditions = [
        table.noun_id.in_(things),
        table.noun_id == part,
        table.user_id.in_(people),
        table.api_key_id.in_(keys),
        table.address.startswith(part, autoescape=True),
    ]
    if table is EventRow:
        conditions += [EventRow.data[name].astext.icontains(part, autoescape=True) for name in ("name", "title")]
    return or_(*conditions)


def _entries(tx: Session, rows: Sequence[tuple[EventRow | AuditChange, AuditChange | None]]) -> list[AuditEntry]:
    people = _names(tx, User, {row.user_id for row, _ in rows})
    keys = _names(tx, ApiKey, {row.api_key_id for row, _ in rows})
    changes = history.named(tx, [_change(row) for row, _ in rows])
    return [
        AuditEntry(
            id=row.id,
            at=row.created_at,
            user_id=row.user_id or "",
            person=people.get(row.user_id or "", ""),
            source=row.source or "unknown",
            api_key=keys.get(row.api_key_id or "", ""),
            address=row.address or "",
            user_agent=row.user_agent or "",
            kind=change.kind,
            noun=change.noun,
            noun_id=change.noun_id,
            name=change.name,
            sentence=AUDITED[change.kind](change),
            before=_shown(stored_change.before) if stored_change else None,
            after=_shown(stored_change.after if stored_change else events.without_private(change.data)),
        )
        for (row, stored_change), change in zip(rows, changes, strict=True)
    ]


def _change(row: EventRow | AuditChange) -> Change:
    if isinstance(row, EventRow):
        return Change(row.kind, row.noun, row.noun_id, row.data)
    return Change(row.verb, row.verb.partition(".")[0], row.noun_id, row.after or {})


def _shown(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without the sentence of an act, which is said anyway. None: there is nothing."""
    return {name: value for name, value in (values or {}).items() if name != "sentence"} or None


def _names(tx: Session, table: type[User] | type[ApiKey], ids: set[str | None]) -> dict[str, str]:
    rows = tx.execute(select(table.id, table.name).where(table.id.in_([row_id for row_id in ids if row_id])))
    return {row_id: name for row_id, name in rows}


def _tail(row_id: str) -> str:
    """The part of an id that sorts by time, whatever it is of."""
    return row_id.rpartition("_")[2]
