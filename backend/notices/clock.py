"""The time by which messages are due: Postgres's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def database_now(tx: Session) -> datetime:
    at: datetime = tx.scalars(select(func.clock_timestamp())).one()
    return at
