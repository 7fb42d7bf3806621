"""The threads that turn events into notices and carry these to people, beside the scheduler."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from backend import notices
from backend.errors import StudioError
from workers.due_work import DueCheck, DueWork

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
WATCH_EVERY_S = 300.0
"""How often the disk and the end of a week are looked at, and old messages deleted."""


class NoticeFeedThread:
    """Any number may run: each workspace's place is locked while its events are read."""

    def __init__(self, app: App, due_work: DueWork) -> None:
        self._feeder, self._due = notices.Feeder(app), DueCheck(due_work)

    def run(self, stopping: threading.Event) -> None:
        """Works whenever there is something to do, until `stopping` is set. Errors are logged; the next look tries again."""
        _repeat(self._feeder.tick, self._due, stopping)


class NoticeSenderThread:
    """Any number may run: messages are claimed. A thread of its own, because a mail server may take long to answer."""

    def __init__(self, app: App, due_work: DueWork) -> None:
        self._app, self._watch_at, self._due = app, 0.0, DueCheck(due_work, "notices")

    def run(self, stopping: threading.Event) -> None:
        """As `NoticeFeedThread.run`."""
        _repeat(self.tick, self._due, stopping)

    def tick(self) -> None:
        """Sends what is due, and every WATCH_EVERY_S looks at what nobody does. Raises Unavailable while Postgres is away."""
        if time.monotonic() >= self._watch_at:
            self._watch_at = time.monotonic() + WATCH_EVERY_S
            notices.record_low_disk(self._app)
            notices.report_week(self._app)
            with self._app.db.dispatch() as tx:
                notices.purge_deliveries(tx)
        notices.deliver_due(self._app)


def _repeat(tick: Callable[[], object], due: DueCheck, stopping: threading.Event) -> None:
    while due.wait(stopping):
        try:
            if due.is_due():
                tick()
        except StudioError as error:
            due.expire()
            log.warning("notices wait", error=error.message)
        except Exception:
            due.expire()
            log.exception("notices wait")
