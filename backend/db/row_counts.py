"""Totals of lists that can be long: counting stops where nobody cares how many more there are."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, literal, select

from backend.db.tables import Base

COUNT_TO = 10_000
"""A total of so many means: at least so many."""


def bounded_count(table: type[Base], *where: ColumnElement[bool]) -> Select[int]:
    """How many rows of a table match, up to COUNT_TO."""
    matches = select(literal(1)).select_from(table).where(*where).limit(COUNT_TO).subquery()
    return select(func.count()).select_from(matches)
