"""Claims jobs and runs them, one per thread, until nothing is claimable."""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.errors import LeaseLost, StudioError, Unavailable
from backend.jobs import KINDS, AttemptRef, Ended, Handler, Waiting, settle, settle_all
from backend.jobs.claim import Claim, claim_some
from backend.jobs.rules import Verdict, completed, ended_by
from backend.kit.db import Trusted
from backend.tables import JobLog
from workers.context import Context, Report
from workers.desk import Desk, Finished
from workers.identity import Identity
from workers.keeper import Keeper
from workers.lease import Lease

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Process:
    """What a worker process is made of. `workroot`: where jobs get their private folders. `cards`: devices it may hold."""

    app: App
    identity: Identity
    handlers: Mapping[str, Handler]
    lease: Lease
    keeper: Keeper
    workroot: Path
    cards: tuple[str, ...] = ()
    desk: Desk = field(init=False)
    warm: dict[str, str] = field(default_factory=dict)
    """Device id -> model it drew with last."""

    def __post_init__(self) -> None:
        self.desk = Desk(partial(trade, self))


def drain(me: Process, queue: str) -> int:
    """Claims and runs until nothing is claimable or the process stops. Returns how many were run."""
    ran, done = 0, None
    while not me.lease.stopping.is_set() and not me.lease.lapsed:
        try:
            ours = me.desk.next(queue, done)
        except Exception as error:
            log.warning("nothing claimed", queue=queue, error=str(error), exc_info=not isinstance(error, Unavailable))
            break
        if done:
            me.keeper.unwatch(done.context)
            done = None
        if ours is None:
            return ran
        done = run(me, ours)
        ran += 1
    if done:
        conclude(me, done)
    return ran


def trade(me: Process, queue: str, n: int, done: Sequence[Finished]) -> list[Claim]:
    """The desk's transaction: writes what is done, claims at most `n`."""
    reports = [(each, each.context.take_report()) for each in done]
    try:
        with me.app.db.dispatch() as tx:
            _write_all(tx, reports)
            return claim_some(
                tx,
                n,
                queue=queue,
                worker_id=me.identity.id,
                kinds=me.handlers,
                cards=me.cards,
                settings=me.app.settings,
                warm=me.warm,
            )
    except BaseException:
        for each, report in reports:
            each.context.give_back(report)
        raise


def run(me: Process, ours: Claim) -> Finished | None:
    """One attempt from claim to verdict. Errors of the job never leave here.

    Returns what the desk has yet to write; members of a family are written at once, for that locks their elders.
    """
    context = Context(me.app, ours, workdir=me.workroot / ours.attempt_id, lease=me.lease)
    me.keeper.watch(context)
    with structlog.contextvars.bound_contextvars(job=ours.job_id, attempt=ours.attempt_id, tenant=ours.tenant_id):
        done = Finished(context, _attempt(me, context))
        log.info("attempt ended", kind=ours.kind, outcome=done.verdict.outcome, error=done.verdict.error_code)
        shutil.rmtree(me.workroot / ours.attempt_id, ignore_errors=True)
        if ours.parent_id is None and done.verdict.outcome != "waiting":
            return done
        conclude(me, done)
        return None


def _attempt(me: Process, context: Context) -> Verdict:
    ours = context.claim
    try:
        handler = me.handlers[ours.kind]
        payload = handler.payload.model_validate(ours.payload)
        if ours.changes_hands:
            _unload(me, ours.device, keep=KINDS[ours.kind].device)
        result = handler.run(context, payload)
        json.dumps(result)
        return completed(result)
    except BaseException as error:
        return _verdict(me, context, error)


def _verdict(me: Process, context: Context, error: BaseException) -> Verdict:
    detail = "".join(traceback.format_exception(error))[-8000:]
    verdict = ended_by(
        error,
        retries=0 if context.advanced else context.claim.retries,
        max_retries=KINDS[context.claim.kind].max_retries,
        delays=me.app.settings.job_retry_delays_s,
        submitted=bool(context.handle),
        detail="" if isinstance(error, Waiting) else detail,
    )
    if verdict.error_message:
        context.log(verdict.error_message, level="error")
    if not isinstance(error, (StudioError, Waiting)):
        # Not into the job's log, which viewers read: it names paths and what was in hand. The attempt's row keeps it.
        log.error("attempt broke", detail=detail)
    return verdict


def _unload(me: Process, device: str, *, keep: str) -> None:
    """The card did something else before: what that left in its memory goes first."""
    if keep != "image":
        me.app.engines.image.unload(device)


def conclude(me: Process, done: Finished) -> None:
    """Writes the verdict. While Postgres is away it waits with the result in hand; a lost attempt writes nothing.

    A verdict that Postgres refuses (a result with a number that is none) is a fault of the job like another, and counted:
    without it the attempt would be given back, uncounted, for ever.
    """
    context, report, refused = done.context, done.context.take_report(), False
    try:
        while True:
            try:
                with me.app.db.transaction(Trusted(context.tenant_id, context.user_id)) as tx:
                    _write(tx, done, report)
                return
            except LeaseLost:
                log.warning("attempt had been taken over", job=context.job_id, attempt=context.attempt_id)
                return
            except Unavailable as error:
                log.warning("verdict waits for Postgres", error=error.message)
                if me.lease.stopping.wait(me.app.settings.job_beat_s):
                    return
            except Exception as error:
                if refused:
                    raise
                refused, done = True, Finished(context, _verdict(me, context, error))
                report = context.take_report()
    finally:
        me.keeper.unwatch(context)


def _write(tx: Session, done: Finished, report: Report) -> None:
    """A member of a family, alone."""
    one = _ended(done, report)
    settle(tx, one.ref, one.verdict, **one.figures)
    _write_log(tx, [(done, report)])


def _write_all(tx: Session, reports: Sequence[tuple[Finished, Report]]) -> None:
    states = settle_all(tx, [_ended(done, report) for done, report in reports]) if reports else []
    for (done, _), state in zip(reports, states, strict=True):
        if state is None:
            log.warning("attempt had been taken over", job=done.context.job_id, attempt=done.context.attempt_id)
    _write_log(tx, [report for report, state in zip(reports, states, strict=True) if state])


def _ended(done: Finished, report: Report) -> Ended:
    ours = done.context.claim
    ref = AttemptRef(ours.job_id, ours.attempt_id, ours.parent_id, ours.device_id)
    figures = {"step": report.step, "phase": report.phase, "done": report.done, "total": report.total}
    return Ended(ref, done.verdict, figures)


def _write_log(tx: Session, reports: Sequence[tuple[Finished, Report]]) -> None:
    rows = [
        {"tenant_id": claim.tenant_id, "job_id": claim.job_id, "attempt_id": claim.attempt_id, "level": level, "line": line}
        for done, report in reports
        for claim in [done.context.claim]
        for level, line in report.lines
    ]
    if rows:
        tx.execute(insert(JobLog), rows)
