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
from sqlalchemy.orm import Session

from backend.errors import LeaseLost, StudioError, Unavailable
from backend.jobs import KINDS, Handler, Waiting, settle_all
from backend.jobs.claim import Claim, claim_some
from backend.jobs.rules import Verdict, completed, ended_by
from backend.kit.db import Trusted
from workers.context import Context
from workers.desk import Desk, Finished
from workers.ending import Report, ended, write, write_log
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

    Returns what the desk has yet to write: nothing when its last step has ended the job; members of a family are written at
    once, for that locks their elders.
    """
    context = Context(me.app, ours, workdir=me.workroot / ours.attempt_id, lease=me.lease)
    me.keeper.watch(context)
    with structlog.contextvars.bound_contextvars(job=ours.job_id, attempt=ours.attempt_id, tenant=ours.tenant_id):
        done = Finished(context, _attempt(me, context))
        log.info("attempt ended", kind=ours.kind, outcome=done.verdict.outcome, error=done.verdict.error_code)
        shutil.rmtree(me.workroot / ours.attempt_id, ignore_errors=True)
        if context.completed:
            me.keeper.unwatch(context)
            return None
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
        if context.completed:
            log.warning("broke after its end", error=str(error), exc_info=True)
            return completed(None)
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
                    write(tx, context.claim, done.verdict, report)
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


def _write_all(tx: Session, reports: Sequence[tuple[Finished, Report]]) -> None:
    each = [ended(done.context.claim, done.verdict, report) for done, report in reports]
    states = settle_all(tx, each) if each else []
    for one, state in zip(each, states, strict=True):
        if state is None:
            log.warning("attempt had been taken over", job=one.ref.job_id, attempt=one.ref.attempt_id)
    write_log(tx, [(done.context.claim, report) for (done, report), state in zip(reports, states, strict=True) if state])
