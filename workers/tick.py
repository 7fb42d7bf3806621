"""The clockwork: rings queues that have claimable jobs, gives back what dead workers held, starts what is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from backend.errors import StudioError
from backend.jobs import sweep
from backend.jobs.schedules import claimable, fire_due
from backend.posts import sweep as posts
from backend.publishing import claim_due
from backend.publishing import sweep as publishing

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)
AT_ONCE = 8
"""Bells per queue and tick: enough to wake idle threads, each of which goes on claiming by itself."""
ALIGN_EVERY_S = 86_400.0
"""How often the instants of planned posts are derived anew; also when a worker starts, which new zone rules come with."""


class Tick:
    """Any number may run, in any process with the workers' login."""

    def __init__(self, app: App, ring: Callable[[str], None]) -> None:
        self._app, self._ring, self._settings = app, ring, app.settings
        self._answered_at = time.time()
        self._mercy_until = 0.0
        self._aligned_to, self._align_at = "", 0.0

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(self._settings.job_tick_s):
            try:
                self.once()
            except StudioError as error:
                log.warning("tick missed", error=error.message)
            except Exception:
                log.exception("tick failed")

    def once(self) -> None:
        with self._app.db.dispatch() as tx:
            fire_due(tx, self._settings)
            waiting = claimable(tx)
        for queue, n in waiting.items():
            for _ in range(min(n, AT_ONCE)):
                self._ring(queue)
        if self._patient():
            self.sweep()
        self._look_after_posts()

    def _look_after_posts(self) -> None:
        """A thousand plans a tick until all are looked at, then not before tomorrow."""
        with self._app.db.dispatch() as tx:
            if due := claim_due(tx):
                log.info("posts due", posts=due)
            if left := publishing.stranded(tx, self._settings):
                log.warning("posts found without a job", posts=left)
        with self._app.db.dispatch() as tx:
            if missed := posts.miss(tx):
                log.warning("posts missed", posts=missed)
            if time.time() < self._align_at:
                return
            self._aligned_to, moved = posts.realign(tx, after=self._aligned_to)
        if moved:
            log.info("posts moved with the rules of their time zones", plans=moved)
        if not self._aligned_to:
            self._align_at = time.time() + ALIGN_EVERY_S

    def _patient(self) -> bool:
        """After Postgres was away, or this machine asleep, workers get one lease to say that they live."""
        now, lease = time.time(), self._settings.job_lease_s
        if now - self._answered_at > max(lease / 2, 2 * self._settings.job_tick_s):
            self._mercy_until = now + lease
        self._answered_at = now
        return now >= self._mercy_until

    def sweep(self) -> list[str]:
        """Returns the attempts taken back."""
        with self._app.db.dispatch() as tx:
            suspects = sweep.suspects(tx, self._settings)
            sweep.tidy(tx, self._settings)
        taken = []
        for suspect in suspects:
            with self._app.db.dispatch() as tx:
                if why := sweep.take_back(tx, self._settings, suspect.id, suspect.job_id):
                    taken.append(suspect.id)
                    log.warning("attempt taken back", job=suspect.job_id, attempt=suspect.id, why=why)
        return taken
