"""One cache of compiled SQL for all engines of the test process. Every test has engines of its own, and a new one compiles each
statement again: a millisecond or two, which was a tenth of the suite's work. The release has one engine a process."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache

_KEPT = 5000


def share_compiled_statements() -> None:
    """Statements are found again by dialect and structure; the engines' dialects are alike, and count as equal from now on."""
    alike = {"__eq__": lambda self, other: type(self) is type(other), "__hash__": lambda self: hash(type(self))}
    for name, method in alike.items():
        setattr(PGDialect_psycopg, name, method)
    compiled: LRUCache[object, object] = LRUCache(_KEPT)

    @event.listens_for(Engine, "engine_connect")
    def use(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)
