"""The audit log as a file, written while it is read, so that its size does not matter."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import UTC
from itertools import chain
from typing import Any, Literal

from backend.audit.queries import note_export, page
from backend.audit.schemas import AuditEntry, AuditFilters
from backend.db.callers import Caller
from backend.db.transactions import Database
from backend.kit.spreadsheets import csv_text
from backend.language import worded

Format = Literal["csv", "json"]
_AT_ONCE = 500
COLUMNS = (
    "at", "person", "user_id", "source", "api_key", "address", "user_agent", "sentence", "kind", "noun", "noun_id", "name",
    "before", "after", "id",
)  # fmt: skip


def export(db: Database, caller: Caller, filters: AuditFilters, file_format: Format) -> Iterator[str]:
    """Parts of the file, each read in a transaction of its own; at the end, or when nobody reads on, it is noted who took how
    much. `csv`: COLUMNS, then a line an entry, with texts quoted that a spreadsheet would run as a formula. `json`: one list.

    Raises NotPermitted (not an owner), NotSignedIn.
    """
    lines = csv_lines if file_format == "csv" else json_lines
    with closing(_batches(db, caller, filters, file_format)) as batches:
        first = next(batches)  # whoever may not is refused before the file begins
        yield from lines(chain((first,), batches))


def _batches(db: Database, caller: Caller, filters: AuditFilters, file_format: str) -> Generator[list[AuditEntry], None, None]:
    with db.transaction(caller, needs="owner") as tx:
        part = page(tx, filters, take=_AT_ONCE)
    n = 0
    try:
        while True:
            n += len(part.entries)
            yield part.entries
            if part.next_cursor is None:
                return
            with db.transaction(caller, needs="owner") as tx:
                part = page(tx, filters, cursor=part.next_cursor, take=_AT_ONCE)
    finally:
        with db.transaction(caller, needs="owner") as tx:
            note_export(tx, n, file_format)


def as_values(entry: AuditEntry) -> dict[str, Any]:
    """An entry by COLUMNS; times in UTC, the sentence in the words of whoever reads."""
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": entry.at.astimezone(UTC).isoformat(), "sentence": worded(entry.sentence)}


def csv_lines(batches: Iterable[list[AuditEntry]]) -> Iterator[str]:
    """`before` and `after` as JSON."""
    yield "\ufeff" + csv_text([COLUMNS])  # spreadsheets take a file without the mark for an older encoding
    for batch in batches:
        yield csv_text([_cells(entry) for entry in batch])


def json_lines(batches: Iterable[list[AuditEntry]]) -> Iterator[str]:
    separator = "["
    for batch in batches:
        for entry in batch:
            yield separator + json.dumps(as_values(entry), ensure_ascii=False)
            separator = ",\n"
    yield "[]\n" if separator == "[" else "]\n"


def _cells(entry: AuditEntry) -> list[Any]:
    values = as_values(entry)
    for name in ("before", "after"):
        values[name] = "" if values[name] is None else json.dumps(values[name], ensure_ascii=False)
    return [values[name] for name in COLUMNS]
