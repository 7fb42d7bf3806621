"""Posts of one plan that are published some minutes apart: each may have an offset to the plan's time.

The offset is one of a post's `options` (`after_minutes`), so that it is copied and edited with the post; the post's `due_at`
is the plan's plus the offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal

from backend.db.tables import Post

OPTION = "after_minutes"
MAX_OFFSET_MINUTES = 720


def after_minutes(options: Mapping[str, Any]) -> int:
    """Minutes between the plan's time and the post's; 0: at the plan's time."""
    return int(options.get(OPTION) or 0)


def validate_offset(options: dict[str, Any]) -> dict[str, Any]:
    """The options, without an offset of zero. Raises ValueError for an offset that is not a whole number in range."""
    if OPTION not in options:
        return options
    minutes = options[OPTION]
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= MAX_OFFSET_MINUTES:
        raise ValueError(f"A channel may follow the plan's time by 0 to {MAX_OFFSET_MINUTES} whole minutes.")
    return options if minutes else {name: value for name, value in options.items() if name != OPTION}


def offset_of(options: Mapping[str, Any]) -> timedelta:
    return timedelta(minutes=after_minutes(options))


def due_time(plan_at: datetime | None, options: Mapping[str, Any]) -> datetime | None:
    """When a post of a plan is due."""
    return plan_at + offset_of(options) if plan_at else None


def due_time_sql(plan_at: datetime | ColumnElement[datetime] | None) -> ColumnElement[Any] | None:
    """As `due_time`, as an SQL expression for an UPDATE of a plan's posts."""
    if plan_at is None:
        return None
    minutes = func.coalesce(Post.options[OPTION].as_integer(), 0)
    at = literal(plan_at) if isinstance(plan_at, datetime) else plan_at
    return at + func.make_interval(0, 0, 0, 0, 0, minutes)
