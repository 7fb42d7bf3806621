"""Events as a stream: each has a position that is given after its commit, so that whoever reads on from a position misses
nothing, however late a transaction commits."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.db.tables import EventRow
from backend.events.service import EventRecord, to_record

CHANNEL = "studio_events"
"""Of Postgres's NOTIFY: sent with each commit that wrote events (backend/db/migrations/access.py)."""
_NUMBER = text("SELECT number_events()")
_LAST = text("SELECT last_event_position()")
_LATEST = text("SELECT tenant_id, latest FROM latest_positions(:after)")


def number(tx: Session) -> None:
    """Gives positions to events that were committed since the last time. `tx`: of Anonymous(), and nothing else in it: other
    processes that number wait for its commit."""
    tx.execute(_NUMBER)


def last_position(tx: Session) -> int:
    """The position of the newest event of the installation; 0 without events. `tx`: of Anonymous()."""
    return int(tx.scalar(_LAST) or 0)


def workspaces_after(tx: Session, position: int) -> Mapping[str, int]:
    """Workspaces with events behind `position`, and the position of their newest. `tx`: of Anonymous()."""
    return {tenant_id: latest for tenant_id, latest in tx.execute(_LATEST, {"after": position})}


def after(tx: Session, position: int, *, take: int) -> list[tuple[int, EventRecord]]:
    """The next `take` events of the workspace behind `position`, in order, with their positions."""
    query = select(EventRow).where(EventRow.position > position).order_by(EventRow.position).limit(take)
    return [(row.position, to_record(row)) for row in tx.scalars(query) if row.position is not None]
