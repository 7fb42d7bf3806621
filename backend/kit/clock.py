"""The time for display and for defaults. Decisions (what is due, what has ended) use Postgres's clock instead."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)
