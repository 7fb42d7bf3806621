"""One attempt as its pipeline sees it. The keeper reads what it reports and raises its flags from another thread."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.engines.events import Alive, Event, Handle, Handover, Log, Preview, Progress
from backend.errors import Cancelled, LeaseLost, ShuttingDown, TimedOut
from backend.jobs.claim import Claim
from backend.jobs.context import Done, Result
from backend.jobs.rules import completed
from backend.kit.db import Trusted, ring, storable
from backend.kit.trips import Call, in_one_trip
from backend.tables import Attempt, Device, JobStep
from workers import faults
from workers.ending import Report, ended, write_log
from workers.eta import Window
from workers.lease import Lease

if TYPE_CHECKING:
    from backend.bootstrap import App

_FENCE = text(
    "SELECT 1 FROM attempts a JOIN jobs j ON j.id = a.job_id WHERE a.id = :attempt_id AND a.ended_at IS NULL "
    "AND j.attempt_id = a.id AND j.state = 'processing' FOR KEY SHARE OF a"
)
"""KEY SHARE: the keeper's progress and our own transactions pass, the sweep's FOR UPDATE does not."""
_STEP = text(
    """WITH fresh AS (UPDATE jobs SET retries = 0, kills = 0 WHERE id = :job_id AND (retries > 0 OR kills > 0)),
    free AS (UPDATE attempts SET handle = NULL WHERE id = :attempt_id AND :let_go)
    INSERT INTO job_steps (job_id, name, attempt_id, result) VALUES (:job_id, :name, :attempt_id, CAST(:result AS jsonb))"""
)
"""A step, and that the job has come further, so that what it failed at before counts no more: in one round trip."""
_LOST = "This attempt no longer owns its job; another one goes on with it."


class Context:
    """Implements backend.jobs.JobContext."""

    def __init__(self, app: App, claim: Claim, *, workdir: Path, lease: Lease) -> None:
        self.app, self.claim, self.lease = app, claim, lease
        self._workdir = workdir
        self.tenant_id, self.user_id = claim.tenant_id, claim.user_id
        self.job_id, self.attempt_id, self.device = claim.job_id, claim.attempt_id, claim.device
        self.cancel_requested = self.lost = self.advanced = self._completed = False
        self._handle = claim.handle
        self._spec = jobs.KINDS[claim.kind]
        self._started = self._moved_at = time.monotonic()
        self._window = Window()
        self._report = Report()
        self._guard = threading.Lock()
        self._steps: dict[str, dict[str, Any] | None] | None = None

    @property
    def workdir(self) -> Path:
        """Made when first asked for: many jobs need none."""
        self._workdir.mkdir(parents=True, exist_ok=True)
        return self._workdir

    @property
    def completed(self) -> bool:
        return self._completed

    @property
    def handle(self) -> dict[str, Any] | None:
        return self._handle

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        caller, mine = Trusted(self.tenant_id, self.user_id), {"attempt_id": self.attempt_id}
        with self.app.db.fenced(caller, _FENCE, mine) as (tx, ours):
            if not ours:
                self.lost = True
                raise LeaseLost(_LOST)
            yield tx

    def step(
        self, name: str, fn: Callable[[], Done], *, keep_handle: bool = False, ends_with: Result = None
    ) -> dict[str, Any] | None:
        remembered = self._remembered()
        if name in remembered:
            return remembered[name]
        self.check()
        with self._guard:
            self._report.step = name
        self._moves()
        faults.reach(self.app.settings.fault_step, self.claim.kind, name)
        done = fn()
        faults.reach(self.app.settings.fault_step, self.claim.kind, f"{name}+")
        ending = None if self.claim.parent_id else ends_with  # whoever has a parent locks that first
        result = self._keep_step(name, done, ending, let_go=self._handle is not None and not keep_handle)
        self._handle, self.advanced, self._completed = self._handle if keep_handle else None, True, ending is not None
        remembered[name] = result
        self._moves()
        return result

    def reach(self, name: str) -> None:
        with self._guard:
            self._report.step = name
        self._moves()
        faults.reach(self.app.settings.fault_step, self.claim.kind, name)

    def _keep_step(self, name: str, done: Done, ending: Result, *, let_go: bool) -> Result:
        """With the job's end, if that is its result: a commit less, and nobody sees it done and still running."""
        report = Report(moved=False)
        try:
            with self.transaction() as tx:
                result = done(tx) if callable(done) else done
                row = {"job_id": self.job_id, "name": name, "attempt_id": self.attempt_id, "result": json.dumps(result)}
                tx.flush()
                step: Call = (_STEP, {**row, "let_go": let_go})
                if ending is None:
                    in_one_trip(tx, [step], last=True)
                else:
                    report = self.take_report()
                    write_log(tx, [(self.claim, report)])
                    mine = [ended(self.claim, completed(ending), report)]
                    if jobs.settle_all(tx, mine, before=[step], last=True) == [None]:
                        raise LeaseLost(_LOST)
        except BaseException:
            self.give_back(report)
            raise
        return result

    def _remembered(self) -> dict[str, dict[str, Any] | None]:
        if self._steps is None:
            with self.transaction() as tx:
                self._steps = self._read_steps(tx)
        return self._steps

    def _read_steps(self, tx: Session) -> dict[str, dict[str, Any] | None]:
        rows = tx.execute(select(JobStep.name, JobStep.result).where(JobStep.job_id == self.job_id))
        return {name: result for name, result in rows}

    def progress(self, done: int, total: int, phase: str = "working") -> None:
        at, phase = time.monotonic(), storable(phase)
        with self._guard:
            report = self._report
            if (done, total, phase) != (report.done, report.total, report.phase):
                self._moved_at, report.moved = at, True
            report.done, report.total, report.phase = done, total, phase
            self._window.add(at, done, phase)
            report.eta_s = self._window.eta(at, total)

    def preview(self, jpeg: bytes) -> None:
        with self._guard:
            self._report.preview = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
            self._moved_at, self._report.moved = time.monotonic(), True

    def log(self, line: str, level: str = "info") -> None:
        with self._guard:
            self._report.lines.append((level, storable(line)[:4000]))
            self._moved_at, self._report.moved = time.monotonic(), True

    def save_handle(self, handle: Mapping[str, Any] | None) -> None:
        value = dict(handle) if handle is not None else None
        with self.transaction() as tx:
            tx.execute(update(Attempt).where(Attempt.id == self.attempt_id).values(handle=value))
            if self._steps is None:  # now, while the engine works, not when it has done
                self._steps = self._read_steps(tx)
        self._handle = value

    def check(self) -> None:
        if self._completed:
            return
        if self.lost or self.lease.lapsed:
            raise LeaseLost(_LOST)
        if self.cancel_requested:
            raise Cancelled("Cancelled as asked.")
        if self.lease.stopping.is_set():
            raise ShuttingDown("The worker is being restarted; the job goes on afterwards.")
        now, settings = time.monotonic(), self.app.settings
        if now - self._started > (limit := self._spec.deadline_s(settings)):
            raise TimedOut(f"It took longer than {_spoken(limit)}. Make it smaller, or raise its deadline in the settings.")
        if now - self._moved_at > (limit := self._spec.stalled_after_s(settings)):
            raise TimedOut(f"Nothing moved for {_spoken(limit)}. The log shows the last thing it did; try it again.")

    def pump(self, events: Generator[Event, None, None]) -> Iterator[Event]:
        try:
            self.check()
            for event in events:
                self.check()
                match event:
                    case Alive():
                        pass
                    case _ if self._completed:
                        pass  # the engine says goodbye
                    case Progress():
                        self.progress(event.done, event.total, event.phase)
                    case Preview():
                        self.preview(event.jpeg)
                    case Handle():
                        self.save_handle(event.value)
                    case Log():
                        self.log(event.line)
                    case Handover():
                        self._hand_over()
                    case _:
                        self._moves()
                        yield event
        except (LeaseLost, ShuttingDown) as ended:
            # Not closed: whoever goes on with the job may find this work again.
            with suppress(type(ended)):
                events.throw(ended)
            raise
        finally:
            events.close()

    def _hand_over(self) -> None:
        """The card goes to whoever is next: what is left to do here needs none."""
        if not self.claim.device_id:
            return
        ours = Device.id == self.claim.device_id, Device.held_by == self.attempt_id
        with self.transaction() as tx:
            tx.execute(update(Device).where(*ours).values(held_by=None))
            ring(tx, self._spec.queue)

    def spawn_child_job(self, name: str, *, kind: str, payload: BaseModel, title: str, priority: int = 0) -> jobs.JobCard:
        with self.transaction() as tx:
            key = f"{self.job_id}/{name}"
            return jobs.enqueue(
                tx, kind=kind, payload=payload, title=title, request_key=key, priority=priority, parent_id=self.job_id
            )

    def wait_for_children(self) -> list[jobs.JobCard]:
        with self.transaction() as tx:
            cards = jobs.children(tx, self.job_id)
        if any(card.state != "completed" for card in cards):
            raise jobs.Waiting
        return cards

    def take_report(self) -> Report:
        """What was reported since the last call; figures stay, lines and the preview are handed over once."""
        with self._guard:
            report = self._report
            self._report = Report(report.step, report.phase, report.done, report.total, report.eta_s, moved=False)
            return report

    def give_back(self, report: Report) -> None:
        """The report could not be written: its lines and preview go out with the next one."""
        with self._guard:
            self._report.lines[:0] = report.lines
            self._report.preview = self._report.preview or report.preview
            self._report.moved = self._report.moved or report.moved

    def _moves(self) -> None:
        with self._guard:
            self._moved_at, self._report.moved = time.monotonic(), True


def _spoken(seconds: float) -> str:
    size, unit = (1, "s") if seconds < 120 else (60, "minutes") if seconds < 7200 else (3600, "hours")
    return f"{seconds / size:.3g} {unit}"
