"""The worker's JobContext: one attempt as its pipeline sees it.

The pipeline runs in one thread; the heartbeat reads the progress report and sets `cancel_requested` and `lost` from another.
"""

from __future__ import annotations

import base64
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.callers import Origin
from backend.db.tables import Attempt, Device, JobStep
from backend.db.transactions import Anonymous, SystemCaller, notify_queue
from backend.engines.ports.events import Alive, DeviceReleased, Event, Handle, Log, Preview, Progress
from backend.errors import Cancelled, LeaseLost, ShuttingDown, TimedOut
from backend.jobs.claim import Claim
from backend.jobs.context import Result
from backend.jobs.rules import completed
from backend.jobs.timing import MeasuredDuration
from backend.kit import traces
from backend.language import tr_lazy
from workers.lease import Lease
from workers.progress import ProgressReport, SpeedWindow, attempt_end, write_log

if TYPE_CHECKING:
    from backend.app import App

T = TypeVar("T")
_FENCE = text(
    "SELECT 1 FROM attempts a JOIN jobs j ON j.id = a.job_id WHERE a.id = :attempt_id AND a.ended_at IS NULL "
    "AND j.attempt_id = a.id AND j.state = 'processing' FOR KEY SHARE OF a"
)
"""The fence: locks the attempt if it still owns its job. FOR KEY SHARE lets the heartbeat's updates and this attempt's other
transactions pass, and blocks the sweep, which takes the attempt back under FOR UPDATE."""
_TAKEN_OVER = tr_lazy("This attempt no longer owns its job; another one goes on with it.")
FAULT_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


class Context:
    """Implements backend.jobs.JobContext."""

    def __init__(self, app: App, claim: Claim, *, workdir: Path, lease: Lease) -> None:
        self.app, self.claim, self.lease = app, claim, lease
        self._workdir = workdir
        self.tenant_id, self.user_id = claim.tenant_id, claim.user_id
        self.job_id, self.attempt_id, self.device = claim.job_id, claim.attempt_id, claim.device
        self.cancel_requested = self.lost = self.advanced = False
        self._handle = claim.handle
        self._spec = jobs.JOB_TYPES[claim.kind]
        self._started = self._moved_at = time.monotonic()
        self._window = SpeedWindow()
        self._report = ProgressReport()
        self._lock = threading.Lock()
        self._steps: dict[str, dict[str, Any] | None] | None = None
        self._work: jobs.Work | None = None
        self._loaded_at: float | None = None
        self._counted_phases: dict[str, tuple[float, float]] = {}
        """Phase -> when its first and its latest progress was counted."""
        self._tail_s = 0.0
        self._completed_at: float | None = None
        self._estimate_s: float | None = None
        """Of this attempt's work in all, from its start."""

    @property
    def workdir(self) -> Path:
        """Created when first read: many jobs need none."""
        self._workdir.mkdir(parents=True, exist_ok=True)
        return self._workdir

    @property
    def completed(self) -> bool:
        return self._completed_at is not None

    @property
    def handle(self) -> dict[str, Any] | None:
        return self._handle

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        caller = SystemCaller(self.tenant_id, self.user_id)
        with self.app.db.fenced(caller, _FENCE, {"attempt_id": self.attempt_id}) as (tx, owned):
            if not owned:
                self.lost = True
                raise LeaseLost(_TAKEN_OVER)
            tx.info["job_id"] = self.job_id
            if self.claim.kind == "automation":
                tx.info["origin"] = Origin("automation")
            yield tx

    def step(self, name: str, compute: Callable[[], Result]) -> Result:
        return self._run_step(name, compute, _as_result, keep_handle=False, job_result=None)

    def write_step(
        self,
        name: str,
        work: Callable[[], T],
        write: Callable[[Session, T], Result],
        *,
        keep_handle: bool = False,
        job_result: Callable[[], Result] | None = None,
    ) -> Result:
        return self._run_step(name, work, write, keep_handle=keep_handle, job_result=job_result)

    def _run_step(
        self,
        name: str,
        work: Callable[[], T],
        write: Callable[[Session, T], Result],
        *,
        keep_handle: bool,
        job_result: Callable[[], Result] | None,
    ) -> Result:
        finished_steps = self._finished_steps()
        if name in finished_steps:
            return finished_steps[name]
        self.check()
        with self._lock:
            self._report.step = name
        self._note_progress()
        inject_fault(self.app.settings.workers.fault_step, self.claim.kind, name)
        with traces.span(f"step {name.partition(':')[0]}"):
            value = work()
        inject_fault(self.app.settings.workers.fault_step, self.claim.kind, f"{name}+")
        # A job with a parent must lock its ancestors before itself, so it is ended alone (write_outcome), not here.
        job_result = None if self.claim.parent_id else job_result
        clear_handle = self._handle is not None and not keep_handle
        result = self._commit_step(name, lambda tx: write(tx, value), job_result, clear_handle=clear_handle)
        self._handle, self.advanced = self._handle if keep_handle else None, True
        self._completed_at = time.monotonic() if job_result else None
        finished_steps[name] = result
        self._note_progress()
        return result

    def start_timing(self, work: jobs.Work, *, more: bool = False) -> None:
        before = self._work if more else None
        self._work = replace(before, cost=before.cost + work.cost) if before else work
        with self.app.db.transaction(Anonymous()) as tx:
            self._tail_s = jobs.timing.estimate_tail(tx, work)
            whole = jobs.estimate(tx, self._work) if work.phase else None
        self._estimate_s = whole.seconds if whole else None

    def measured(self) -> tuple[jobs.Work, MeasuredDuration] | None:
        """What this attempt did and how long that took until it completed the job, else until now; None unless it called
        `start_timing`."""
        if self._work is None:
            return None
        loaded_at, now = self._loaded_at or self._started, self._completed_at or time.monotonic()
        # Saving and checking may be counted too, in a moment: the tail is what follows the phase that the work itself is
        longest = max(self._counted_phases.values(), key=lambda phase: phase[1] - phase[0], default=(now, now))
        tail_s = now - max(loaded_at, longest[1])
        return self._work, MeasuredDuration(loaded_at - self._started, now - loaded_at, tail_s)

    def fault_point(self, name: str) -> None:
        with self._lock:
            self._report.step = name
        self._note_progress()
        inject_fault(self.app.settings.workers.fault_step, self.claim.kind, name)

    def _commit_step(
        self, name: str, write: Callable[[Session], Result], job_result: Callable[[], Result] | None, *, clear_handle: bool
    ) -> Result:
        """Stores a step with the rows that `write` adds, and completes the job if `job_result` is given.

        Both in one transaction: it saves a commit, and nobody sees the last step done and the job still running.
        """
        report = ProgressReport(moved=False)
        try:
            with self.transaction() as tx:
                result = write(tx)
                step = jobs.FinishedStep(self.job_id, self.attempt_id, name, result, clear_handle)
                if job_result is None:
                    jobs.store_step(tx, step)
                else:
                    report = self.take_report()
                    write_log(tx, [(self.claim, report)])
                    end = attempt_end(self.claim, completed(job_result()), report)
                    if not jobs.complete_with_step(tx, step, end):
                        raise LeaseLost(_TAKEN_OVER)
        except BaseException:
            self.restore_report(report)
            raise
        return result

    def _finished_steps(self) -> dict[str, dict[str, Any] | None]:
        """Results of the job's steps by name, also those of earlier attempts."""
        if self._steps is None:
            with self.transaction() as tx:
                self._steps = self._read_steps(tx)
        return self._steps

    def _read_steps(self, tx: Session) -> dict[str, dict[str, Any] | None]:
        rows = tx.execute(select(JobStep.name, JobStep.result).where(JobStep.job_id == self.job_id))
        return {name: result for name, result in rows}

    def progress(self, done: int, total: int, phase: str = "working") -> None:
        now = time.monotonic()
        with self._lock:
            report = self._report
            if (done, total, phase) != (report.done, report.total, report.phase):
                self._moved_at, report.moved = now, True
                if total:
                    self._counted_phases[phase] = (self._counted_phases.get(phase, (now, now))[0], now)
            report.done, report.total, report.phase = done, total, phase
            self._window.add(now, done, phase)
            left_s = self._window.eta(now, total)
            known_s = (None if left_s is None else left_s + self._tail_s, self._left_before_main_phase(now, phase))
            report.eta_s = max((seconds for seconds in known_s if seconds is not None), default=None)

    def _left_before_main_phase(self, now: float, phase: str) -> float | None:
        """Seconds left by the estimate of the whole work; None once its main phase has begun, or when nothing is known.

        The speed of a phase says how long that phase still takes, not what comes after it.
        """
        main = self._work.phase if self._work else ""
        if self._estimate_s is None or phase == main or main in self._counted_phases:
            return None
        return max(self._started + self._estimate_s - now, 0.0)

    def preview(self, jpeg: bytes) -> None:
        with self._lock:
            self._report.preview = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
            self._moved_at, self._report.moved = time.monotonic(), True

    def log(self, line: str, level: str = "info") -> None:
        with self._lock:
            self._report.lines.append((level, line))
            self._moved_at, self._report.moved = time.monotonic(), True

    def save_handle(self, handle: Mapping[str, Any] | None) -> None:
        value = dict(handle) if handle is not None else None
        with self.transaction() as tx:
            tx.execute(update(Attempt).where(Attempt.id == self.attempt_id).values(handle=value))
            if self._steps is None:  # read here, while the engine works, so that the next step need not wait for it
                self._steps = self._read_steps(tx)
        self._handle = value

    def check(self) -> None:
        if self.completed:
            return
        if self.lost or self.lease.lapsed:
            raise LeaseLost(_TAKEN_OVER)
        if self.cancel_requested:
            raise Cancelled(tr_lazy("Cancelled as asked."))
        if self.lease.stopping.is_set():
            raise ShuttingDown(tr_lazy("The worker is being restarted; the job goes on afterwards."))
        now, settings = time.monotonic(), self.app.settings
        if now - self._started > (limit := self._spec.deadline_s(settings)):
            raise TimedOut(
                tr_lazy(
                    "It took longer than {time}. Make it smaller, or raise its time limit in the settings.",
                    time=_duration_text(limit),
                )
            )
        if now - self._moved_at > (limit := self._spec.stalled_after_s(settings)):
            raise TimedOut(
                tr_lazy(
                    "Nothing moved for {time}. The log shows the last thing it did; try it again.",
                    time=_duration_text(limit),
                )
            )

    def pump(self, events: Generator[Event, None, None]) -> Iterator[Event]:
        try:
            self.check()
            for event in events:
                self.check()
                match event:
                    case Alive():
                        pass
                    case _ if self.completed:
                        pass  # the job has ended; the engine only runs to its own end
                    case Progress():
                        if event.total and self._loaded_at is None:
                            self._loaded_at = time.monotonic()
                        self.progress(event.done, event.total, event.phase)
                    case Preview():
                        self.preview(event.jpeg)
                    case Handle():
                        self.save_handle(event.value)
                    case Log():
                        self.log(event.line)
                    case DeviceReleased():
                        self._release_device()
                    case _:
                        self._note_progress()
                        yield event
        except (LeaseLost, ShuttingDown) as error:
            # Thrown in rather than closed: the engine may leave its remote work running for the next attempt to find.
            with suppress(type(error)):
                events.throw(error)
            raise
        finally:
            events.close()

    def _release_device(self) -> None:
        """Frees the device for the next job: what is left to do here needs none."""
        if not self.claim.device_id:
            return
        held_here = Device.id == self.claim.device_id, Device.held_by == self.attempt_id
        with self.transaction() as tx:
            tx.execute(update(Device).where(*held_here).values(held_by=None))
            notify_queue(tx, self._spec.queue)

    def spawn_child_job(self, name: str, *, kind: str, payload: BaseModel, title: str) -> jobs.JobCard:
        with self.transaction() as tx:
            key = f"{self.job_id}/{name}"
            return jobs.enqueue(tx, kind=kind, payload=payload, title=title, request_key=key, parent_id=self.job_id)

    def wait_for_children(self) -> list[jobs.JobCard]:
        with self.transaction() as tx:
            cards = jobs.children(tx, self.job_id)
        if any(card.state != "completed" for card in cards):
            raise jobs.WaitForChildren
        return cards

    def take_report(self) -> ProgressReport:
        """What was reported since the last call. Figures stay for the next report; lines and the preview are returned once."""
        with self._lock:
            report = self._report
            self._report = ProgressReport(report.step, report.phase, report.done, report.total, report.eta_s, moved=False)
            return report

    def restore_report(self, report: ProgressReport) -> None:
        """Takes back a report that could not be written: its lines and preview go out with the next one."""
        with self._lock:
            self._report.lines[:0] = report.lines
            self._report.preview = self._report.preview or report.preview
            self._report.moved = self._report.moved or report.moved

    def _note_progress(self) -> None:
        """Resets the stall limit and marks the report as changed."""
        with self._lock:
            self._moved_at, self._report.moved = time.monotonic(), True


def _as_result(tx: Session, result: Result) -> Result:
    """The `write` of a step that only stores its result."""
    return result


def _duration_text(seconds: float) -> str:
    size, unit = (1, "s") if seconds < 120 else (60, "minutes") if seconds < 7200 else (3600, "hours")
    return f"{seconds / size:.3g} {unit}"


def inject_fault(fault: str, kind: str, step: str) -> None:
    """Stops the process if `fault` names this job kind and step; does nothing when it is empty.

    `fault` is `<kind>:<step>:kill|freeze`. Step `x+` is the moment after x's work and before its result is written.
    """
    if fault:
        fault_kind, _, rest = fault.partition(":")
        fault_step, _, how = rest.rpartition(":")
        if (fault_kind, fault_step) == (kind, step):
            # Sent to this thread: a signal to the process may stop another thread first, and this one would go on for a moment.
            signal.pthread_kill(threading.get_ident(), FAULT_SIGNALS[how])
