"""Events as a stream: each has a position that is given after its commit, so that whoever reads on from a position misses
nothing, however late a transaction commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.db.tables import EventRow
from backend.events.service import EventRecord

CHANNEL = "studio_events"
"""Of Postgres's NOTIFY: sent with each commit that wrote events (backend/db/migrations/access.py)."""
_NUMBER = text("SELECT number_events()")
_LAST = text("SELECT last_event_position()")
_COLUMNS = (
    EventRow.position, EventRow.id, EventRow.kind, EventRow.noun, EventRow.noun_id, EventRow.data, EventRow.user_id,
    EventRow.created_at,
)  # fmt: skip
"""The position, and what an EventRecord has, in its order."""
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


def latest_in_workspace(tx: Session) -> int:
    """The position of the workspace's newest event; 0 without events. None that is committed later comes before it."""
    return tx.scalar(select(func.max(EventRow.position))) or 0


def after(
    tx: Session, position: int, *, take: int, up_to: int | None = None, kinds: Collection[str] | None = None
) -> list[tuple[int, EventRecord]]:
    """The next `take` events of the workspace behind `position`, in order, with their positions; of these kinds only."""
    query = select(*_COLUMNS).where(EventRow.position > position).order_by(EventRow.position).limit(take)
    if up_to is not None:
        query = query.where(EventRow.position <= up_to)
    if kinds is not None:
        query = query.where(EventRow.kind.in_(kinds))
    return [(place, EventRecord(*fields)) for place, *fields in tx.execute(query)]
