"""Deletes old events, in small batches, for the whole installation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

_PURGE = text("SELECT seen, more, purged FROM purge_events(:days, :after, :take)")


@dataclass(frozen=True, slots=True)
class Purge:
    """`position`: up to which events were looked at; `more`: whether older ones than the term may follow; `purged`: rows."""

    position: int
    more: bool
    purged: int


def purge(tx: Session, *, days: int, after: int = 0, take: int = 1000) -> Purge:
    """Deletes those of the next `take` events behind the position `after`, and as many changes, that are older than `days`.
    What somebody still reads on from (webhooks, notices, automations, samples) stays. `tx`: of Anonymous().

    Postgres refuses less than 30 days.
    """
    row = tx.execute(_PURGE, {"days": days, "after": after, "take": take}).one()
    return Purge(int(row.seen or after), bool(row.more), int(row.purged))
