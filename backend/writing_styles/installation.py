"""How many sessions and jobs of writing styles the whole installation has: two numbers that name nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import text

from backend.db.transactions import Anonymous, Database

_FRESH_S = 5.0
_COUNT = text("SELECT sessions, jobs FROM style_counts()")


@dataclass(frozen=True, slots=True)
class InstallationCounts:
    """`sessions`: styles that are not deleted. `jobs`: trainings and texts that wait or run."""

    sessions: int
    jobs: int


_latest: WeakKeyDictionary[Database, tuple[float, InstallationCounts]] = WeakKeyDictionary()


def count_installation(db: Database) -> InstallationCounts:
    """Counted at most every five seconds: strangers may ask for it."""
    counted_at, counts = _latest.get(db, (float("-inf"), InstallationCounts(0, 0)))
    if time.monotonic() - counted_at < _FRESH_S:
        return counts
    with db.transaction(Anonymous()) as tx:
        counts = InstallationCounts(*tx.execute(_COUNT).one())
    _latest[db] = time.monotonic(), counts
    return counts
