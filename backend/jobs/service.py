"""What people ask of jobs: start once, cancel, try again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.errors import Conflict, NotFound, NotPermitted
from backend.jobs.kinds import KINDS
from backend.jobs.lines import lock_line
from backend.jobs.moves import move
from backend.jobs.queries import find, get
from backend.jobs.schemas import JobCard
from backend.kit.db import RANK, ring
from backend.kit.ids import new_id
from backend.tables import FINAL, Job, JobState

_ON_CANCEL: dict[str, Callable[[Session, str], None]] = {}


def when_cancelled(kind: str, act: Callable[[Session, str], None]) -> None:
    """`act(tx, subject_id)`: what a waiting job of this kind holds is let go in the transaction that cancels it.

    For slices that know jobs, at import. One that runs lets go of its things itself when it is stopped.
    """
    _ON_CANCEL[kind] = act


def enqueue(
    tx: Session,
    *,
    kind: str,
    payload: BaseModel,
    title: str,
    request_key: str,
    subject: tuple[str, str] = ("", ""),
    priority: int = 0,
    parent_id: str | None = None,
    not_before: datetime | None = None,
) -> JobCard:
    """Writes a pending job and rings its queue after the commit. The same `request_key` returns the first job.

    `priority`: lower goes first within the workspace. Raises NotPermitted for viewers, Conflict when the key was used for
    other work.
    """
    _writer(tx)
    spec = KINDS[kind]
    values = {
        "id": new_id("job"),
        "kind": kind,
        "v": spec.v,
        "queue": spec.queue,
        "title": title,
        "payload": payload.model_dump(mode="json"),
        "priority": priority,
        "request_key": request_key,
        "parent_id": parent_id,
        "subject_noun": subject[0],
        "subject_id": subject[1],
        "created_by": tx.info.get("user_id"),
        **({"not_before": not_before} if not_before else {}),
    }
    added = tx.execute(insert(Job).values(**values).on_conflict_do_nothing().returning(Job.id)).scalar()
    if added:
        events.record(tx, "job.pending", "job", added, {"kind": kind})
        ring(tx, spec.queue)
    card = find(tx, Job.id == added if added else Job.request_key == request_key)
    assert card is not None
    if card.kind != kind:
        raise Conflict("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
    return card


def cancel(tx: Session, job_id: str) -> JobCard:
    """A waiting job ends at once; a running one is asked to stop its engine first. Children are cancelled too.

    Raises NotFound, NotPermitted, Conflict when it has already ended.
    """
    _writer(tx)
    state = _locked(tx, job_id)
    if state in FINAL:
        raise Conflict(f"This job has already ended ({state}); there is nothing left to cancel.")
    _stop(tx, job_id, state)
    return get(tx, job_id)


def retry(tx: Session, job_id: str) -> JobCard:
    """Puts a failed or cancelled job back into its queue with a clean count. Finished steps are not done again.

    Children that failed or were cancelled are tried again with it. Raises NotFound, NotPermitted, Conflict.
    """
    _writer(tx)
    state = _locked(tx, job_id)
    if state not in {JobState.FAILED, JobState.CANCELLED}:
        raise Conflict(f"Only a failed or cancelled job can be tried again; this one is {state}.")
    _again(tx, job_id, JobState(state))
    return get(tx, job_id)


def postpone(tx: Session, job_id: str, not_before: datetime | None) -> JobCard:
    """A waiting job starts no earlier than `not_before` (aware); None: as soon as it is its turn.

    Raises NotFound, NotPermitted, Conflict when it has started or ended.
    """
    _writer(tx)
    state = _locked(tx, job_id)
    if state != JobState.PENDING:
        raise Conflict(f"Only a job that waits can be given another time; this one is {state}.")
    job = tx.get_one(Job, job_id, populate_existing=True)
    tx.execute(update(Job).where(Job.id == job_id).values(not_before=not_before or func.clock_timestamp()))
    data = {"not_before": not_before.isoformat() if not_before else None}
    events.record(tx, "job.postponed", "job", job_id, data)
    ring(tx, job.queue)
    return get(tx, job_id)


def dismiss(tx: Session, job_id: str) -> None:
    """A failure nobody needs to be reminded of; it can still be tried again. Raises NotFound, NotPermitted, Conflict."""
    _writer(tx)
    state = _locked(tx, job_id)
    if state != JobState.FAILED:
        raise Conflict(f"Only a failed job can be dismissed; this one is {state}.")
    tx.execute(update(Job).where(Job.id == job_id).values(dismissed_at=func.clock_timestamp()))
    events.record(tx, "job.dismissed", "job", job_id)


def _writer(tx: Session) -> None:
    if RANK[tx.info["role"]] < RANK["editor"]:
        raise NotPermitted("Your role here is viewer: you can look at jobs but not start or stop them. Ask an owner for more.")


def _locked(tx: Session, job_id: str) -> str:
    state = lock_line(tx, job_id)
    return state if state is not None else _missing()


def _missing() -> NoReturn:
    raise NotFound("There is no such job in this workspace. It may have been cleaned up; look at the list of jobs.")


def _stop(tx: Session, job_id: str, state: str) -> None:
    if state == JobState.PENDING:
        ended = {"finished_at": func.clock_timestamp(), "cancel_requested_at": func.clock_timestamp(), "waits_for": 0}
        moved = move(tx, job_id, JobState.PENDING, JobState.CANCELLED, **ended)
        assert moved is not None
        if act := _ON_CANCEL.get(moved["kind"]):
            act(tx, tx.scalars(select(Job.subject_id).where(Job.id == job_id)).one())
        child_ended(tx, moved["parent_id"], JobState.CANCELLED)
    else:
        asked = update(Job).where(Job.id == job_id, Job.cancel_requested_at.is_(None))
        tx.execute(asked.values(cancel_requested_at=func.clock_timestamp()))
        events.record(tx, "job.cancel_requested", "job", job_id)
    unfinished = select(Job.id, Job.state).where(Job.parent_id == job_id, Job.state.not_in(FINAL))
    for child_id, child_state in tx.execute(unfinished.order_by(Job.id).with_for_update()).all():
        _stop(tx, child_id, child_state)


def _again(tx: Session, job_id: str, state: JobState) -> None:
    again = select(Job.id, Job.state).where(Job.parent_id == job_id, Job.state.in_([JobState.FAILED, JobState.CANCELLED]))
    for child_id, child_state in tx.execute(again.order_by(Job.id).with_for_update()).all():
        _again(tx, child_id, JobState(child_state))
    waits_for = tx.scalar(select(func.count()).where(Job.parent_id == job_id, Job.state.not_in(FINAL))) or 0
    moved = move(
        tx,
        job_id,
        state,
        JobState.PENDING,
        retries=0,
        kills=0,
        dead_letter=False,
        dismissed_at=None,
        error_code=None,
        error_message=None,
        cancel_requested_at=None,
        finished_at=None,
        not_before=func.clock_timestamp(),
        waits_for=waits_for,
    )
    assert moved is not None
    ring(tx, moved["queue"])


def child_ended(tx: Session, parent_id: str | None, state: JobState, message: str = "") -> None:
    """Tells a waiting parent that one of its children has ended. Works confined and across workspaces."""
    if parent_id is None:
        return
    waiting = (Job.waits_for > 0,)
    if state == JobState.COMPLETED:
        freed = update(Job).where(Job.id == parent_id, Job.state == JobState.PENDING, *waiting)
        row = tx.execute(freed.values(waits_for=Job.waits_for - 1).returning(Job.waits_for, Job.queue)).first()
        if row and row.waits_for == 0:
            ring(tx, row.queue)
        return
    sentence = message or "A part of this job was cancelled. Try the job again to do that part once more."
    failed = {"error_code": f"child_{state.value}", "error_message": sentence, "waits_for": 0}
    moved = move(tx, parent_id, JobState.PENDING, JobState.FAILED, *waiting, finished_at=func.clock_timestamp(), **failed)
    if moved:
        child_ended(tx, moved["parent_id"], JobState.FAILED, sentence)
