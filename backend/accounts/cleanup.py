"""Deletes sessions, links and throttles that can no longer be used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, func
from sqlalchemy.orm import Session

from backend.db.tables import Invitation, PasswordReset, SessionRow, Throttle


def purge_sessions(tx: Session, *, hours: float) -> int:
    """Deletes sessions that expired or were revoked more than `hours` ago, and reset links, invitations and throttles as old
    (throttles at least a day). Returns how many sessions were deleted."""
    old_sessions = delete(SessionRow).where(_before(SessionRow.expires_at, hours) | _before(SessionRow.revoked_at, hours))
    count = len(tx.execute(old_sessions.returning(SessionRow.id).execution_options(synchronize_session=False)).all())
    other_rows = (
        delete(PasswordReset).where(_before(PasswordReset.expires_at, hours)),
        delete(Invitation).where(_before(Invitation.expires_at, hours)),
        delete(Throttle).where(_before(func.coalesce(Throttle.blocked_until, Throttle.window_started_at), max(hours, 24.0))),
    )
    for statement in other_rows:
        tx.execute(statement.execution_options(synchronize_session=False))
    return count


def _before(column: Any, hours: float) -> ColumnElement[bool]:
    past: ColumnElement[bool] = column < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600.0)
    return past
