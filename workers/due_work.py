"""Whether there is anything to do: one statement a second for all threads beside the scheduler, instead of twelve transactions.

The scheduler's thread looks; the others sleep until it sees something for them. It need not be exact. What it takes for work
and is none costs a pass; what it misses is found by the pass each FULL_EVERY_S.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from backend.app import App

FULL_EVERY_S = 30.0
"""How often a thread does its pass whatever the look says."""
_SHARED_FOR = 1.5
"""How long a look is shared by the threads, in ticks: the scheduler looks anew each tick, the others take what it saw."""
_LOOK = text(
    """SELECT
      EXISTS (SELECT FROM jobs WHERE state = 'pending' AND waits_for = 0 AND not_before <= statement_timestamp())
        OR EXISTS (SELECT FROM jobs WHERE state = 'processing')
        OR EXISTS (SELECT FROM schedules WHERE next_at <= statement_timestamp()) AS jobs,
      EXISTS (SELECT FROM posts WHERE state = 'publishing')
        OR EXISTS (SELECT FROM posts WHERE state = 'scheduled' AND due_at <= statement_timestamp()) AS posts,
      EXISTS (SELECT FROM automation_runs WHERE waits_for <> '')
        OR EXISTS (SELECT FROM automation_timers WHERE next_at <= studio_clock()) AS automations,
      EXISTS (SELECT FROM webhook_messages WHERE state = 'waiting')
        OR EXISTS (SELECT FROM webhook_messages WHERE state = 'pending' AND next_at <= statement_timestamp()) AS webhooks,
      EXISTS (SELECT FROM notice_deliveries WHERE state = 'pending' AND next_at <= statement_timestamp()) AS notices,
      EXISTS (SELECT FROM events WHERE position IS NULL) AS unnumbered,
      coalesce((SELECT max(position) FROM events), 0) AS position"""
)


class DueWork:
    """Of one process: looks once a tick for all its threads."""

    def __init__(self, app: App) -> None:
        self._app, self._lock = app, threading.Lock()
        self._row: Any = None
        self._valid_until = 0.0
        self._waiting: list[DueCheck] = []

    def add(self, check: DueCheck) -> None:
        """`check` is woken by what the scheduler's looks see."""
        self._waiting.append(check)

    def look(self, *, anew: bool = False) -> Any:
        """A row: whether `jobs`, `posts`, `automations`, `webhooks`, `notices` may have work, whether there are events without
        a position (`unnumbered`), and the newest `position`. `anew`: as it is now. Raises Unavailable."""
        with self._lock:
            if anew or time.monotonic() >= self._valid_until:
                [self._row] = self._app.db.look_across((_LOOK, {}))
                self._valid_until = time.monotonic() + _SHARED_FOR * self._app.settings.jobs.tick_s
            row = self._row
        if anew:
            for check in self._waiting:
                check.note(row)
        return row


class DueCheck:
    """Whether one thread has anything to do: what `kinds` names, events that it has not seen, or FULL_EVERY_S are over."""

    def __init__(self, due_work: DueWork, *kinds: str, anew: bool = False) -> None:
        """`anew`: it looks itself and wakes the others, which `wait`."""
        self._due_work, self._kinds, self._anew = due_work, kinds, anew
        self._seen_position, self._full_at = -1, 0.0
        self._noted = threading.Event()
        if not anew:
            due_work.add(self)

    def wait(self, stopping: threading.Event) -> bool:
        """Until there may be something to do. Whether there may be: False when `stopping` is set."""
        self._noted.wait(FULL_EVERY_S)
        self._noted.clear()
        return not stopping.is_set()

    def note(self, row: Any) -> None:
        """Ends `wait` where there is something to do in `row`."""
        if self._has_work(row):
            self._noted.set()

    def is_due(self) -> bool:
        """Call `expire` where the pass after it fails. Raises Unavailable."""
        row = self._due_work.look(anew=self._anew)
        if not self._has_work(row):
            return False
        self._seen_position, self._full_at = row.position, time.monotonic() + FULL_EVERY_S
        return True

    def _has_work(self, row: Any) -> bool:
        has_news = row.unnumbered or row.position != self._seen_position
        return has_news or any(getattr(row, kind) for kind in self._kinds) or time.monotonic() >= self._full_at

    def expire(self) -> None:
        """The next `is_due` is true."""
        self._full_at = 0.0
