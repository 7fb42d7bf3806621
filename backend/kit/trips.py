"""Statements sent to Postgres together (psycopg's pipeline), for the hot paths that wait for the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Insert, bindparam, insert
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.orm import Session

from backend.errors import Unavailable

AWAY = "The database does not answer right now. Nothing was lost; try again in a moment."
Call = tuple[ClauseElement, Mapping[str, Any]]
"""A statement, made once and kept (it is compiled once), and its values."""
_DIALECT = psycopg_dialect()  # type: ignore[no-untyped-call]


def in_one_trip(tx: Session, calls: Sequence[Call], *, last: bool = False) -> list[Any]:
    """Runs statements in order. What `tx` was given before and has not flushed is not there for them.

    `last`: the commit travels with them, so that locks they take are not held while this process is busy elsewhere; nothing
    may follow in `tx`. Returns each statement's first row as a named tuple, or None. Raises Unavailable.
    """
    connection = tx.connection().connection.driver_connection
    assert connection is not None
    try:
        return sent(connection, calls, commit=last)
    except psycopg.OperationalError as error:
        tx.invalidate()
        raise Unavailable(AWAY, detail=str(error)) from error


def inserting(row: Any) -> Call:
    """A new row of a table as a call: what was set on it; Postgres gives the rest its defaults."""
    values = {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}
    table: Any = type(row)
    return _insert(table, tuple(sorted(values))), values


@cache
def _insert(table: Any, names: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names})


def sent(connection: Any, calls: Sequence[Call], *, commit: bool = False) -> list[Any]:
    """`in_one_trip` on a psycopg connection. Raises psycopg's errors."""
    cursors = [connection.cursor(row_factory=namedtuple_row) for _ in calls]
    with connection.pipeline():
        for cursor, (statement, values) in zip(cursors, calls, strict=True):
            words, fixed, ways = _for_driver(statement)
            cursor.execute(words, {**fixed, **values, **{name: way(values[name]) for name, way in ways.items()}})
        if commit:
            connection.commit()
    return [cursor.fetchone() if cursor.description else None for cursor in cursors]


@cache
def _for_driver(statement: ClauseElement) -> tuple[str, dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """Its words, the values it brings itself, and how those of some columns (JSON) are made ready."""
    compiled: Any = statement.compile(dialect=_DIALECT)
    ways = {name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, bind in compiled.binds.items()}
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    fixed = {name: way(value) if (way := ways[name]) else value for name, value in fixed.items()}
    return str(compiled), fixed, {name: way for name, way in ways.items() if way and name not in fixed}
