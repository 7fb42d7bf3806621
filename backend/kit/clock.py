"""Time for display and for defaults in Python; anything that decides uses Postgres's clock instead."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Aware, UTC."""
    return datetime.now(UTC)
