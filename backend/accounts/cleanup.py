"""Forgetting sessions, links and throttles that can no longer be used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, func
from sqlalchemy.orm import Session

from backend.tables import Invitation, PasswordReset, SessionRow, Throttle


def forget_sessions(tx: Session, *, hours: float) -> int:
    """Those that expired or were revoked `hours` ago, and links and throttles as old. Returns how many sessions went."""
    gone = delete(SessionRow).where(_before(SessionRow.expires_at, hours) | _before(SessionRow.revoked_at, hours))
    count = len(tx.execute(gone.returning(SessionRow.id).execution_options(synchronize_session=False)).all())
    stale = (
        delete(PasswordReset).where(_before(PasswordReset.expires_at, hours)),
        delete(Invitation).where(_before(Invitation.expires_at, hours)),
        delete(Throttle).where(_before(func.coalesce(Throttle.blocked_until, Throttle.window_started_at), max(hours, 24.0))),
    )
    for statement in stale:
        tx.execute(statement.execution_options(synchronize_session=False))
    return count


def _before(column: Any, hours: float) -> ColumnElement[bool]:
    past: ColumnElement[bool] = column < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600.0)
    return past
