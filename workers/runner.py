"""Runs jobs: a thread claims one, runs its pipeline and writes the outcome, until nothing is claimable.

Threads of a process that ask at the same moment share a transaction, which writes their finished attempts and claims their next
jobs: claiming takes the queue's advisory lock and a commit, and sharing both is what lets many short jobs run per second.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from backend import VERSION, jobs
from backend.db.migrations import schema_is_newer
from backend.db.tables import JobState
from backend.db.transactions import Anonymous, SystemCaller
from backend.errors import Invalid, LeaseLost, StudioError, Unavailable
from backend.jobs import JOB_TYPES, AttemptEnd, Handler, WaitForChildren, WaitUntil, finish_attempts
from backend.jobs.claim import Claim, claim_some, finish_and_claim
from backend.jobs.rules import AttemptOutcome, completed, outcome_of_error
from backend.kit import logs, metrics, traces
from workers.context import Context
from workers.heartbeat import Heartbeat
from workers.lease import Identity, Lease
from workers.progress import ProgressReport, attempt_end, write_end, write_log

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """An attempt that has ended in its thread; its outcome is not yet in Postgres."""

    context: Context
    outcome: AttemptOutcome


NEWER_WORKER_WAIT_S = 20.0
"""Until a job that this worker cannot read may be claimed again."""
Exchange = Callable[[str, int, Sequence[FinishedAttempt]], list[Claim]]
"""(queue, how many claims at most, finished attempts) -> claims, fewer when there are no more. All in one transaction."""


@dataclass(slots=True)
class _QueueState:
    """`serving` is held by the thread that runs the exchange. `waiting`: finished attempt (or None) of each thread that is
    inside `next`, by thread id. `served`: those of them whose attempt another thread has written already; their claims, if
    there were any, are in `claims`.
    """

    serving: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[int, FinishedAttempt | None] = field(default_factory=dict)
    served: set[int] = field(default_factory=set)
    claims: deque[Claim] = field(default_factory=deque)


class ClaimBatcher:
    """Group commit for `exchange`: the first thread in runs it for all threads that wait for the same queue. Thread-safe."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._queues: dict[str, _QueueState] = {}
        self._lock = threading.Lock()

    def next(self, queue: str, finished: FinishedAttempt | None = None) -> Claim | None:
        """Writes `finished` and returns the calling thread's next job, None when nothing is claimable.

        Raises what `exchange` raises; then `finished` may or may not have been written.
        """
        thread_id = threading.get_ident()
        with self._lock:
            state = self._queues.setdefault(queue, _QueueState())
            state.waiting[thread_id] = finished
        with state.serving:
            try:
                if thread_id not in state.served:
                    self._serve(queue, state)
                return state.claims.popleft() if state.claims else None
            finally:
                with self._lock:
                    del state.waiting[thread_id]
                    state.served.discard(thread_id)

    def _serve(self, queue: str, state: _QueueState) -> None:
        """Runs one exchange for all threads that wait and are not served. If it raises, the others try for themselves."""
        with self._lock:
            batch = {thread_id: finished for thread_id, finished in state.waiting.items() if thread_id not in state.served}
        state.claims.extend(self._exchange(queue, len(batch), [finished for finished in batch.values() if finished]))
        state.served |= set(batch)


@dataclass(slots=True)
class Process:
    """What a worker process is made of.

    `workroot`: where jobs get their private folders. `device_ids`: devices it may claim. `loaded_models`: device id -> model
    it drew with last.
    """

    app: App
    identity: Identity
    handlers: Mapping[str, Handler]
    lease: Lease
    heartbeat: Heartbeat
    workroot: Path
    device_ids: tuple[str, ...] = ()
    claim_batcher: ClaimBatcher = field(init=False)
    loaded_models: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.claim_batcher = ClaimBatcher(partial(exchange, self))


def drain(process: Process, queue: str) -> int:
    """Claims and runs until nothing is claimable or the process stops. Returns how many were run."""
    ran, finished = 0, None
    while not process.lease.stopping.is_set() and not process.lease.lapsed:
        try:
            claim = process.claim_batcher.next(queue, finished)
        except Exception as error:
            log.warning("nothing claimed", queue=queue, error=str(error), exc_info=not isinstance(error, Unavailable))
            break
        if finished:
            process.heartbeat.unwatch(finished.context)
            finished = None
        if claim is None:
            return ran
        finished = run(process, claim)
        ran += 1
    if finished:
        write_outcome(process, finished)
    return ran


def exchange(process: Process, queue: str, n: int, finished_attempts: Sequence[FinishedAttempt]) -> list[Claim]:
    """The claim batcher's transaction: writes the finished attempts, then claims at most `n` jobs."""
    reports = [(finished, finished.context.take_report()) for finished in finished_attempts]
    claiming: dict[str, Any] = {
        "queue": queue,
        "worker_id": process.identity.id,
        "kinds": process.handlers,
        "settings": process.app.settings,
    }
    try:
        ends = [attempt_end(finished.context.claim, finished.outcome, report) for finished, report in reports]
        if not any(report.lines for _, report in reports):
            done = finish_and_claim(process.app.db, ends, n, **claiming)
            if done is not None:
                states, claims = done
                _warn_of_taken_over(ends, states)
                return claims
        with process.app.db.dispatch() as tx:
            _write_outcomes(tx, reports, ends)
            claiming |= {"device_ids": process.device_ids, "loaded_models": process.loaded_models}
            return claim_some(tx, n, **claiming, last=True)
    except BaseException:
        for finished, report in reports:
            finished.context.restore_report(report)
        raise


def run(process: Process, claim: Claim) -> FinishedAttempt | None:
    """One attempt from its claim to its outcome. Errors of the job never leave this function.

    Returns the attempt if its outcome is still to be written, which the next claim does in its transaction. None when it is
    written already: the last step has ended the job (`job_result`), or the job has a parent or waits for children. Those are
    written alone, because they lock the job's ancestors.
    """
    context = Context(process.app, claim, workdir=process.workroot / claim.attempt_id, lease=process.lease)
    started = time.perf_counter()
    process.heartbeat.watch(context)
    with logs.log_context(job=claim.job_id, attempt=claim.attempt_id, tenantId=claim.tenant_id):
        about = {"job.id": claim.job_id, "job.kind": claim.kind, "attempt.id": claim.attempt_id}
        with traces.span(f"job {claim.kind}", about, caused_by=claim.traceparent or ""):
            outcome = _run_handler(process, context)
        finished = FinishedAttempt(context, outcome)
        _record_duration(process, context, outcome)
        seconds = time.perf_counter() - started
        metrics.attempt(kind=claim.kind, outcome=outcome.outcome, seconds=seconds)
        log.info(
            "attempt ended",
            action=claim.kind,
            duration=round(seconds * 1000),
            outcome=outcome.outcome,
            error=outcome.error_code,
        )
        shutil.rmtree(process.workroot / claim.attempt_id, ignore_errors=True)
        if context.completed:
            process.heartbeat.unwatch(context)
            return None
        if claim.parent_id is None and not outcome.for_children:
            return finished
        write_outcome(process, finished)
        return None


def _record_duration(process: Process, context: Context, outcome: AttemptOutcome) -> None:
    """Keeps how long completed work took, for estimates. Left out while Postgres is away: nothing depends on it."""
    if (measured := context.measured()) is None or outcome.outcome != "completed":
        return
    work, duration = measured
    try:
        with process.app.db.transaction(Anonymous()) as tx:
            device = context.claim.device_id
            jobs.timing.record(tx, work, duration, device_id=device, worker_id=process.identity.id)
    except Unavailable as error:
        log.warning("duration not recorded", error=error.message)


def _run_handler(process: Process, context: Context) -> AttemptOutcome:
    claim = context.claim
    try:
        handler = process.handlers[claim.kind]
        try:
            payload = handler.payload.model_validate(claim.payload)
        except (ValidationError, Invalid):
            if not _newer_version_runs(process):
                raise
            context.log("Its order is of a newer version than this worker; it waits for a newer worker.")
            return AttemptOutcome("released", JobState.PENDING, delay_s=NEWER_WORKER_WAIT_S, keep_handle=True)
        if claim.changes_hands:
            _unload_other_engine(process, claim.device, keep=JOB_TYPES[claim.kind].device)
        result = handler.run(context, payload)
        json.dumps(result)  # a result that is no JSON fails the job here, inside the error table
        return completed(result)
    except BaseException as error:
        if context.completed:
            log.warning("error after the job's end", error=str(error), exc_info=True)
            return completed(None)
        return _outcome_of(process, context, error)


def _newer_version_runs(process: Process) -> bool:
    """Whether what this worker cannot read may be the order of a newer version, in the middle of an upgrade: another version's
    worker is up, or the schema is newer than this code. Raises Unavailable."""
    with process.app.db.transaction(Anonymous()) as tx:
        others = [worker for worker in jobs.workers(tx, lease_s=process.app.settings.jobs.lease_s) if worker.alive]
        return schema_is_newer(tx.connection()) or any(worker.version != VERSION for worker in others)


def _outcome_of(process: Process, context: Context, error: BaseException) -> AttemptOutcome:
    detail = "".join(traceback.format_exception(error))[-8000:]
    outcome = outcome_of_error(
        error,
        retries=0 if context.advanced else context.claim.retries,
        max_retries=JOB_TYPES[context.claim.kind].max_retries,
        delays=process.app.settings.jobs.retry_delays_s,
        submitted=bool(context.handle),
        deaths_within_s=process.app.settings.jobs.deaths_within_s,
        detail="" if isinstance(error, (WaitForChildren, WaitUntil)) else detail,
    )
    if outcome.error_message:
        context.log(outcome.error_message, level="error")
    if not isinstance(error, (StudioError, WaitForChildren, WaitUntil)):
        # Not into the job's log, which viewers read: a traceback names paths and values. The attempt's row keeps it.
        log.error("attempt broke", detail=detail)
    return outcome


def _unload_other_engine(process: Process, device: str, *, keep: str) -> None:
    """Frees the device's memory of the engine that used it before, unless that is the one to `keep`."""
    if keep != "image":
        process.app.engines.image.unload(device)


def write_outcome(process: Process, finished: FinishedAttempt) -> None:
    """Writes one attempt's outcome in a transaction of its own. Writes nothing for an attempt that was taken over.

    While Postgres is away it keeps trying, until the process stops. An outcome that Postgres refuses (for example NaN in the
    result) becomes an error of the job and is counted; otherwise the attempt would be released, uncounted, for ever.
    """
    context, report, refused = finished.context, finished.context.take_report(), False
    try:
        while True:
            try:
                with process.app.db.transaction(SystemCaller(context.tenant_id, context.user_id)) as tx:
                    write_end(tx, context.claim, finished.outcome, report)
                return
            except LeaseLost:
                log.warning("attempt had been taken over", job=context.job_id, attempt=context.attempt_id)
                return
            except Unavailable as error:
                log.warning("outcome waits for Postgres", error=error.message)
                if process.lease.stopping.wait(process.app.settings.jobs.heartbeat_s):
                    return
            except Exception as error:
                if refused:
                    raise
                refused, finished = True, FinishedAttempt(context, _outcome_of(process, context, error))
                report = context.take_report()
    finally:
        process.heartbeat.unwatch(context)


def _write_outcomes(tx: Session, reports: Sequence[tuple[FinishedAttempt, ProgressReport]], ends: Sequence[AttemptEnd]) -> None:
    states = finish_attempts(tx, ends) if ends else []
    _warn_of_taken_over(ends, states)
    write_log(
        tx, [(finished.context.claim, report) for (finished, report), state in zip(reports, states, strict=True) if state]
    )


def _warn_of_taken_over(ends: Sequence[AttemptEnd], states: Sequence[JobState | None]) -> None:
    for end, state in zip(ends, states, strict=True):
        if state is None:
            log.warning("attempt had been taken over", job=end.ref.job_id, attempt=end.ref.attempt_id)
