"""The thread that sends webhooks, beside the scheduler: where an answer takes long, nothing else waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from backend import webhooks
from backend.errors import StudioError
from workers.due_work import DueCheck, DueWork

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
_PURGE_EVERY_S = 3600.0


class WebhookSender:
    """Any number may run: messages are claimed."""

    def __init__(self, app: App, due_work: DueWork) -> None:
        self._app, self._sender, self._due = app, webhooks.Sender(app), DueCheck(due_work, "webhooks")
        self._purge_at = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Works whenever there is something to do, until `stopping` is set. Errors are logged; the next look tries again."""
        while self._due.wait(stopping):
            try:
                if self._due.is_due():
                    self.tick(stopping.is_set)
            except StudioError as error:
                self._due.expire()
                log.warning("webhooks not sent", error=error.message)
            except Exception:
                self._due.expire()
                log.exception("webhooks not sent")

    def tick(self, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """Sends what is due; deletes old messages once an hour. Raises Unavailable while Postgres is away."""
        if tried := self._sender.deliver_due(is_stopping):
            log.info("webhooks tried", messages=tried)
        if time.monotonic() >= self._purge_at:
            self._purge_at = time.monotonic() + _PURGE_EVERY_S
            with self._app.db.dispatch() as tx:
                webhooks.purge_old(tx)
