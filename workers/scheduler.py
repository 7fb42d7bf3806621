"""The scheduler: notifies queues that have claimable jobs, takes back the jobs of dead workers, starts what is due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import audit, automations, events
from backend.content_plans import sweep as post_sweep
from backend.db.transactions import Anonymous, SystemCaller
from backend.errors import StudioError
from backend.jobs import sweep
from backend.jobs.schedules import claimable, fire_due
from backend.publishing import claim_due
from backend.publishing import sweep as publishing_sweep
from workers.due_work import DueCheck, DueWork
from workers.lease import boot_clock

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
MAX_NOTIFICATIONS = 8
"""Notifications per queue and tick: enough to wake idle threads, each of which then claims until nothing is left."""
REALIGN_EVERY_S = 86_400.0
"""How often the instants of planned posts are derived anew from their local times. It also happens when a worker starts,
because new time-zone rules come with a new release."""
PURGE_EVERY_S = 3600.0
"""How often events are looked for that are older than their term."""
ALIGN_TIMERS_EVERY_S = CLOCK_REPAIR_EVERY_S = 60.0
"""How often instants that lie too far ahead are looked for, besides right after the clock was set."""


class Scheduler:
    """Any number may run, in any process with the workers' login: what each does is safe to do twice."""

    def __init__(self, app: App, notify: Callable[[str], None], due_work: DueWork | None = None) -> None:
        """`due_work`: shared with other threads of the process."""
        self._app, self._notify, self._settings = app, notify, app.settings
        self._due = DueCheck(due_work or DueWork(app), "jobs", "posts", "automations", anew=True)
        self._answered_at = boot_clock()
        self._clock_offset: float | None = None
        """Seconds by which Postgres's clock is ahead of `boot_clock`, which nobody sets. None before the first tick."""
        self._grace_until = self._repair_clock_at = 0.0
        self._realigned_to, self._realign_at = "", 0.0
        self._align_timers_at = 0.0
        self._purge_at, self._purged_to = 0.0, 0

    def run(self, stopping: threading.Event) -> None:
        """Looks every `jobs.tick_s` seconds until `stopping` is set, and ticks when there is anything to do. Errors are logged;
        the next tick tries again."""
        while not stopping.wait(self._settings.jobs.tick_s):
            try:
                is_due = self._due.is_due() or boot_clock() >= self._next_chore_at()
                self._note_answer()
                if is_due:
                    self.tick()
            except StudioError as error:
                self._due.expire()
                log.warning("tick missed", error=error.message)
            except Exception:
                self._due.expire()
                log.exception("tick failed")

    def _next_chore_at(self) -> float:
        return min(self._purge_at, self._realign_at, self._align_timers_at, self._repair_clock_at)

    def tick(self) -> None:
        """One pass over everything the scheduler does. Raises Unavailable while Postgres is away."""
        with self._app.db.dispatch() as tx:
            self._check_clock(tx)
            fire_due(tx, self._settings)
            claimable_jobs = claimable(tx)
        for queue, n in claimable_jobs.items():
            for _ in range(min(n, MAX_NOTIFICATIONS)):
                self._notify(queue)
        self._note_answer()
        if boot_clock() >= self._grace_until:
            self.sweep()
        self._advance_posts()
        self._advance_automations()
        self._purge_events()

    def _purge_events(self) -> None:
        """Archives and deletes events older than the term, a small batch a tick until none is left, then again after
        PURGE_EVERY_S. What can still be undone keeps its event."""
        if boot_clock() < self._purge_at:
            return
        days = max(self._settings.retention.audit_days, self._settings.retention.undo_days + 1)
        with self._app.db.transaction(Anonymous()) as tx:
            purge = events.purge(tx, days=days, after=self._purged_to)
            if self._settings.retention.audit_archive:  # before the commit: what cannot be written is not deleted
                audit.archive(self._settings.data_dir / "audit", purge.acts)
        if purge.purged:
            log.info("old events deleted", rows=purge.purged)
        self._purged_to = purge.position if purge.more else 0
        if not purge.more:
            self._purge_at = boot_clock() + PURGE_EVERY_S

    def _advance_posts(self) -> None:
        """Starts posts that are due and marks missed ones. Realigns planned posts with their time zones: up to a thousand
        plans a tick until all are done, then again after REALIGN_EVERY_S."""
        with self._app.db.dispatch() as tx:
            if due := claim_due(tx):
                log.info("posts due", posts=due)
            if recovered := publishing_sweep.recover_orphans(tx, self._settings):
                log.warning("posts found without a job", posts=recovered)
        with self._app.db.dispatch() as tx:
            if missed := post_sweep.mark_missed(tx):
                log.warning("posts missed", posts=missed)
            if boot_clock() < self._realign_at:
                return
            self._realigned_to, moved = post_sweep.recompute_due_times(tx, after=self._realigned_to)
        if moved:
            log.info("posts moved with the rules of their time zones", plans=moved)
        if not self._realigned_to:
            self._realign_at = boot_clock() + REALIGN_EVERY_S

    def _advance_automations(self) -> None:
        """Wakes runs whose wait is over and starts those that are due, by the clock and by events. Once a minute, timers follow
        influencers and their time zones."""
        with self._app.db.dispatch() as tx:
            automations.wake(tx)
            listening = automations.any_listening(tx)
        if listening:
            with self._app.db.transaction(Anonymous()) as tx:
                events.stream.number(tx)
        with self._app.db.dispatch() as tx:
            due, with_events = automations.due_workspaces(tx), automations.workspaces_with_events(tx) if listening else []
            with_timers = automations.workspaces_with_timers(tx) if boot_clock() >= self._align_timers_at else []
        for tenant_id in with_timers:
            with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
                automations.align_all(tx)
        if with_timers or boot_clock() >= self._align_timers_at:
            self._align_timers_at = boot_clock() + ALIGN_TIMERS_EVERY_S
        for tenant_id in due:
            with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
                automations.fire_due(tx)
        for tenant_id in with_events:
            with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
                automations.start_by_events(tx)

    def _check_clock(self, tx: Session) -> None:
        """Notices that Postgres's clock was set: workers get one lease to renew theirs, and instants too far ahead are
        repaired."""
        database_time: float = tx.scalars(select(func.extract("epoch", func.clock_timestamp()))).one()
        offset, lease = float(database_time) - boot_clock(), self._settings.jobs.lease_s
        was_set = self._clock_offset is not None and abs(offset - self._clock_offset) > lease / 2
        self._clock_offset = offset
        if was_set:
            log.warning("the clock was set")
            self._grace_until = boot_clock() + lease
        if was_set or boot_clock() >= self._repair_clock_at:
            self._repair_clock_at = boot_clock() + CLOCK_REPAIR_EVERY_S
            if rows := sweep.repair_future_instants(tx, self._settings):
                log.warning("instants from before the clock was set back are repaired", rows=rows)

    def _note_answer(self) -> None:
        """Postgres answers. After it was away or this machine slept one lease of grace begins: live workers could not renew
        meanwhile, and must not lose their jobs before they can."""
        now, lease = boot_clock(), self._settings.jobs.lease_s
        if now - self._answered_at > max(lease / 2, 2 * self._settings.jobs.tick_s):
            self._grace_until = now + lease
        self._answered_at = now

    def sweep(self) -> list[str]:
        """Takes back attempts whose worker is dead or that do not stop. Returns their ids."""
        with self._app.db.dispatch() as tx:
            suspects = sweep.suspects(tx, self._settings)
            sweep.clean_up(tx, self._settings)
        reclaimed = []
        for suspect in suspects:
            with self._app.db.dispatch() as tx:
                if why := sweep.reclaim(tx, self._settings, suspect.id, suspect.job_id):
                    reclaimed.append(suspect.id)
                    log.warning("attempt taken back", job=suspect.job_id, attempt=suspect.id, why=why)
        return reclaimed
