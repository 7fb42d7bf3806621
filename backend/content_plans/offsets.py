"""Posts of one plan that go out some minutes apart: the plan's time is the first, each post may say how long after it goes.

The minutes are one of a post's `options`, so that they are copied and edited with it; `due_at` follows from the plan's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, literal

from backend.db.tables import Post

if TYPE_CHECKING:
    from backend.content_plans.schemas import VariantDraft

OPTION = "after_minutes"
MOST_MINUTES = 720


def after_minutes(options: Mapping[str, Any]) -> int:
    """How long after the plan's time a post with these options goes out; 0: with it."""
    return int(options.get(OPTION) or 0)


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError. Zero is left out: the same as nothing said."""
    if OPTION not in options:
        return options
    said = options[OPTION]
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= MOST_MINUTES:
        raise ValueError(f"A channel may follow the plan's time by 0 to {MOST_MINUTES} whole minutes.")
    return options if said else {name: value for name, value in options.items() if name != OPTION}


def later(options: Mapping[str, Any]) -> timedelta:
    return timedelta(minutes=after_minutes(options))


def due(plan_at: datetime | None, options: Mapping[str, Any]) -> datetime | None:
    """When a post of a plan goes out."""
    return plan_at + later(options) if plan_at else None


def due_sql(plan_at: datetime | ColumnElement[datetime] | None) -> ColumnElement[Any] | None:
    """The same for an UPDATE of many posts of a plan."""
    if plan_at is None:
        return None
    minutes = func.coalesce(Post.options[OPTION].as_integer(), 0)
    at = literal(plan_at) if isinstance(plan_at, datetime) else plan_at
    return at + func.make_interval(0, 0, 0, 0, 0, minutes)


def timing_aside(variant: VariantDraft) -> VariantDraft:
    """What people see of it."""
    return variant.model_copy(update={"options": {name: value for name, value in variant.options.items() if name != OPTION}})
