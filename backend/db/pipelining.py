"""Sends several statements to Postgres in one round trip (psycopg's pipeline mode), for hot paths that wait for the network.

Few modules build lists of statements (`tests/test_architecture.py` names them); everybody else calls a function of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Insert, bindparam, insert
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.orm import Session

from backend.errors import DiskFull, Unavailable
from backend.kit import disk
from backend.language import tr_lazy

DATABASE_AWAY = tr_lazy("The database does not answer right now. Nothing was lost; try again in a moment.")
Statement = tuple[ClauseElement, Mapping[str, Any]]
"""A statement and its values. The statement must be a module constant or cached: it is compiled once and kept for ever."""
_DIALECT = psycopg_dialect()  # type: ignore[no-untyped-call]


def execute_pipelined(tx: Session, statements: Sequence[Statement], *, last: bool = False) -> list[Any]:
    """Runs statements in order and returns each one's first row as a named tuple, or None. Flush `tx` before: they do not see
    rows that it has not written yet.

    `last`: sends the commit with them, so that their locks are not held for another round trip; nothing may follow in `tx`.
    Raises Unavailable.
    """
    connection = tx.connection().connection.driver_connection
    assert connection is not None
    try:
        return send_pipelined(connection, statements, commit=last)
    except psycopg.OperationalError as error:
        tx.invalidate()
        raise as_unavailable(error) from error


def as_unavailable(error: BaseException) -> Unavailable:
    """psycopg's (or SQLAlchemy's) error as Unavailable, or as DiskFull when Postgres has no room to write."""
    if isinstance(getattr(error, "orig", error), psycopg.errors.DiskFull):
        return DiskFull(disk.FULL, detail=str(error))
    return Unavailable(DATABASE_AWAY, detail=str(error))


def insert_stmt(row: Any) -> Statement:
    """An INSERT of a new, unflushed ORM object: the attributes that were set; Postgres fills in the defaults of the others.

    An attribute may be an SQL expression if it is a module constant: it becomes part of the statement, which is kept for ever.
    """
    columns = {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}
    expressions = tuple(sorted(name for name, value in columns.items() if isinstance(value, ClauseElement)))
    values = {name: value for name, value in columns.items() if name not in expressions}
    table: Any = type(row)
    return _insert(table, tuple(sorted(values)), tuple((name, columns[name]) for name in expressions)), values


@lru_cache(maxsize=256)
def array_literal(values: tuple[str, ...]) -> str:
    """What Postgres reads as a text[], for constants of a statement that runs often: psycopg writes a list anew each time."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"


@cache
def _insert(table: Any, names: tuple[str, ...], expressions: tuple[tuple[str, ClauseElement], ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names} | dict(expressions))


def send_pipelined(connection: Any, statements: Sequence[Statement], *, commit: bool = False) -> list[Any]:
    """As `execute_pipelined`, on a psycopg connection. Raises psycopg's errors."""
    cursors = _send(connection, statements, commit=commit)
    return [cursor.fetchone() if cursor.description else None for cursor in cursors]


def fetch_pipelined(connection: Any, statements: Sequence[Statement]) -> list[list[Any]]:
    """As `send_pipelined`, with all rows of each statement."""
    return [cursor.fetchall() if cursor.description else [] for cursor in _send(connection, statements)]


def _send(connection: Any, statements: Sequence[Statement], *, commit: bool = False) -> list[Any]:
    cursors = [connection.cursor(row_factory=namedtuple_row) for _ in statements]
    with connection.pipeline():
        for cursor, (statement, values) in zip(cursors, statements, strict=True):
            sql, constants, converters = _compiled(statement)
            converted = {name: convert(values[name]) for name, convert in converters.items()}
            cursor.execute(sql, {**constants, **values, **converted})
        if commit:
            connection.commit()
    return cursors


@cache
def _compiled(statement: ClauseElement) -> tuple[str, dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """The statement's SQL, the values it contains itself, and the converters of parameters whose type has one (JSON)."""
    compiled: Any = statement.compile(dialect=_DIALECT)
    processors = {name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, bind in compiled.binds.items()}
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    constants = {name: convert(value) if (convert := processors[name]) else value for name, value in constants.items()}
    converters = {name: convert for name, convert in processors.items() if convert and name not in constants}
    return str(compiled), constants, converters
