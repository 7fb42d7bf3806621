"""Deletes old events, in small batches, for the whole installation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.events.audit_values import without_private

_PURGE = text("SELECT seen, more, purged, archived FROM take_old_events(:days, :after, :take)")


@dataclass(frozen=True, slots=True)
class Purge:
    """`position`: up to which events were looked at; `more`: whether older ones than the term may follow; `purged`: rows;
    `acts`: those of them that tell what people did, with names of person and workspace, without what may be private."""

    position: int
    more: bool
    purged: int
    acts: list[dict[str, Any]] = field(default_factory=list)


def purge(tx: Session, *, days: int, after: int = 0, take: int = 1000) -> Purge:
    """Deletes those of the next `take` events behind the position `after`, and as many changes, that are older than `days`.
    What somebody still reads on from (webhooks, notices, automations, samples) stays. `tx`: of Anonymous(), with the workers'
    login; whoever archives `acts` does it before `tx` commits.

    Postgres refuses less than 30 days.
    """
    row = tx.execute(_PURGE, {"days": days, "after": after, "take": take}).one()
    acts = [act | ({"data": without_private(act["data"])} if "data" in act else {}) for act in row.archived]
    return Purge(int(row.seen or after), bool(row.more), int(row.purged), acts)
