"""The verbs of jobs: enqueue once, cancel, retry, postpone, dismiss, and the order in which a workspace's waiting jobs of a
queue come (lower priority first, then age)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NoReturn

from pydantic import BaseModel
from sqlalchemy import ScalarSelect, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backend import access, events
from backend.db.tables import FINAL, Job, JobState
from backend.db.transactions import RANK, notify_queue
from backend.errors import Conflict, NotFound, NotPermitted
from backend.jobs.job_type import JOB_TYPES
from backend.jobs.queries import find, get
from backend.jobs.schemas import JobCard
from backend.jobs.transitions import lock_ancestors, move
from backend.kit import traces
from backend.kit.ids import new_id
from backend.language import tr_lazy

_CANCEL_CALLBACKS: dict[str, Callable[[Session, str], None]] = {}
Destination = Literal["first", "earlier", "later"]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def on_cancel(kind: str, callback: Callable[[Session, str], None]) -> None:
    """Registers `callback(tx, subject_id)`, called in the transaction that cancels a pending job of `kind`, to release what the
    job's subject reserved. A running job releases it itself when it is stopped. Called by slices at import.
    """
    _CANCEL_CALLBACKS[kind] = callback


def enqueue(
    tx: Session,
    *,
    kind: str,
    payload: BaseModel,
    title: str,
    request_key: str,
    subject: tuple[str, str] = ("", ""),
    type: str = "",
    priority: int | None = None,
    parent_id: str | None = None,
    not_before: datetime | None = None,
) -> JobCard:
    """Writes a pending job and notifies its queue after the commit. The same `request_key` returns the first job.

    `subject`: (noun, id) of the row the job is about. `type`: what programs call it, where its kind has several request types.
    `priority`: lower goes first within the workspace; None: that of its kind. Raises NotPermitted for viewers, Conflict when
    the key was used for a job of another kind, TooMany when an API key's quota is used up.
    """
    _require_editor(tx)
    spec = JOB_TYPES[kind]
    values = {
        "id": new_id("job"),
        "kind": kind,
        "type": type or spec.public_type,
        "v": spec.v,
        "queue": spec.queue,
        "title": title,
        "payload": payload.model_dump(mode="json"),
        "priority": spec.priority if priority is None else priority,
        "request_key": request_key,
        "parent_id": parent_id,
        "subject_noun": subject[0],
        "subject_id": subject[1],
        "created_by": tx.info.get("user_id"),
        "traceparent": traces.traceparent(),
        "api_key_id": access.check_quota(tx) if parent_id is None else _api_key_of(parent_id),
        **({"not_before": not_before} if not_before else {}),
    }
    new_job_id = tx.execute(insert(Job).values(**values).on_conflict_do_nothing().returning(Job.id)).scalar()
    if new_job_id:
        events.record(tx, "job.pending", "job", new_job_id, {"kind": kind})
        notify_queue(tx, spec.queue)
    card = find(tx, Job.id == new_job_id if new_job_id else Job.request_key == request_key)
    assert card is not None
    if card.kind != kind:
        raise Conflict(
            tr_lazy("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
        )
    return card


def adopt(tx: Session, parent_id: str, job_ids: Sequence[str]) -> None:
    """Makes jobs that were enqueued in this transaction children of a running job: they are cancelled and paid with it. Jobs
    with a parent keep it. The parent is not failed by them unless it waits for them (`WaitForChildren`)."""
    own = Job.id.in_(job_ids), Job.parent_id.is_(None), Job.id != parent_id
    tx.execute(update(Job).where(*own).values(parent_id=parent_id, api_key_id=_api_key_of(parent_id)))


def cancel(tx: Session, job_id: str) -> JobCard:
    """Cancels a pending job at once; a running one is asked to stop its engine and ends then. Children are cancelled too.

    Raises NotFound, NotPermitted, Conflict when it has already ended.
    """
    _require_editor(tx)
    state = _lock(tx, job_id)
    if state in FINAL:
        raise Conflict(tr_lazy("This job has already ended ({state}); there is nothing left to cancel.", state=state))
    _cancel_tree(tx, job_id, state)
    return get(tx, job_id)


def fail_waiting(tx: Session, job_ids: Sequence[str], *, code: str, message: str) -> list[str]:
    """Fails pending jobs at once: what they need is not there any more. Their children are cancelled. Jobs that run or have
    ended are left alone. Returns the ids of those that failed. Raises NotPermitted."""
    _require_editor(tx)
    failed = []
    for job_id in sorted(job_ids):
        if _lock(tx, job_id) != JobState.PENDING:
            continue
        ended = {"finished_at": func.clock_timestamp(), "error_code": code, "error_message": message, "waits_for": 0}
        moved = move(tx, job_id, JobState.PENDING, JobState.FAILED, **ended)
        assert moved is not None
        child_ended(tx, moved["parent_id"], JobState.FAILED, message)
        unfinished = select(Job.id, Job.state).where(Job.parent_id == job_id, Job.state.not_in(FINAL))
        for child_id, child_state in tx.execute(unfinished.order_by(Job.id).with_for_update()).all():
            _cancel_tree(tx, child_id, child_state)
        failed.append(job_id)
    return failed


def retry(tx: Session, job_id: str) -> JobCard:
    """Puts a failed or cancelled job back into its queue with a clean count. Finished steps are not done again.

    Children that failed or were cancelled are tried again with it. Raises NotFound, NotPermitted, Conflict.
    """
    _require_editor(tx)
    state = _lock(tx, job_id)
    if state not in {JobState.FAILED, JobState.CANCELLED}:
        raise Conflict(tr_lazy("Only a failed or cancelled job can be tried again; this one is {state}.", state=state))
    _retry_tree(tx, job_id, JobState(state))
    return get(tx, job_id)


def postpone(tx: Session, job_id: str, not_before: datetime | None) -> JobCard:
    """Lets a pending job start no earlier than `not_before` (time-zone aware); None: as soon as it is its turn.

    Raises NotFound, NotPermitted, Conflict when it has started or ended.
    """
    _require_editor(tx)
    state = _lock(tx, job_id)
    if state != JobState.PENDING:
        raise Conflict(tr_lazy("Only a job that waits can be given another time; this one is {state}.", state=state))
    job = tx.get_one(Job, job_id, populate_existing=True)
    tx.execute(update(Job).where(Job.id == job_id).values(not_before=not_before or func.clock_timestamp()))
    data = {"not_before": not_before.isoformat() if not_before else None}
    events.record(tx, "job.postponed", "job", job_id, data)
    notify_queue(tx, job.queue)
    return get(tx, job_id)


def dismiss(tx: Session, job_id: str) -> None:
    """Hides a failed job from the list of failures; it can still be retried. Raises NotFound, NotPermitted, Conflict."""
    _require_editor(tx)
    state = _lock(tx, job_id)
    if state != JobState.FAILED:
        raise Conflict(tr_lazy("Only a failed job can be dismissed; this one is {state}.", state=state))
    tx.execute(update(Job).where(Job.id == job_id).values(dismissed_at=func.clock_timestamp()))
    events.record(tx, "job.dismissed", "job", job_id)


def _api_key_of(parent_id: str) -> ScalarSelect[str | None]:
    parent = aliased(Job)
    return select(parent.api_key_id).where(parent.id == parent_id).scalar_subquery()


def _require_editor(tx: Session) -> None:
    if RANK[tx.info["role"]] < RANK["editor"]:
        raise NotPermitted(
            tr_lazy("Your role here is viewer: you can look at jobs but not start or stop them. Ask an owner for more.")
        )


def _lock(tx: Session, job_id: str) -> str:
    state = lock_ancestors(tx, job_id)
    return state if state is not None else _missing()


def _missing() -> NoReturn:
    raise NotFound(tr_lazy("There is no such job in this workspace. It may have been cleaned up; see the list of jobs."))


def _cancel_tree(tx: Session, job_id: str, state: str) -> None:
    if state == JobState.PENDING:
        ended = {"finished_at": func.clock_timestamp(), "cancel_requested_at": func.clock_timestamp(), "waits_for": 0}
        moved = move(tx, job_id, JobState.PENDING, JobState.CANCELLED, **ended)
        assert moved is not None
        if callback := _CANCEL_CALLBACKS.get(moved["kind"]):
            callback(tx, tx.scalars(select(Job.subject_id).where(Job.id == job_id)).one())
        child_ended(tx, moved["parent_id"], JobState.CANCELLED)
    else:
        not_yet_requested = update(Job).where(Job.id == job_id, Job.cancel_requested_at.is_(None))
        tx.execute(not_yet_requested.values(cancel_requested_at=func.clock_timestamp()))
        events.record(tx, "job.cancel_requested", "job", job_id)
    unfinished = select(Job.id, Job.state).where(Job.parent_id == job_id, Job.state.not_in(FINAL))
    for child_id, child_state in tx.execute(unfinished.order_by(Job.id).with_for_update()).all():
        _cancel_tree(tx, child_id, child_state)


def _retry_tree(tx: Session, job_id: str, state: JobState) -> None:
    to_retry = select(Job.id, Job.state).where(Job.parent_id == job_id, Job.state.in_([JobState.FAILED, JobState.CANCELLED]))
    for child_id, child_state in tx.execute(to_retry.order_by(Job.id).with_for_update()).all():
        _retry_tree(tx, child_id, JobState(child_state))
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
    notify_queue(tx, moved["queue"])


def child_ended(tx: Session, parent_id: str | None, state: JobState, message: str = "") -> None:
    """Counts down the children that a waiting parent waits for, or fails the parent with the first child that did not complete.

    `message`: why the child failed. Works in a workspace's transaction and in a dispatch transaction.
    """
    if parent_id is None:
        return
    waits = Job.waits_for > 0
    if state == JobState.COMPLETED:
        waiting_parent = update(Job).where(Job.id == parent_id, Job.state == JobState.PENDING, waits)
        row = tx.execute(waiting_parent.values(waits_for=Job.waits_for - 1).returning(Job.waits_for, Job.queue)).first()
        if row and row.waits_for == 0:
            notify_queue(tx, row.queue)
        return
    sentence = message or tr_lazy("A part of this job was cancelled. Try the job again to do that part once more.")
    failed = {"error_code": f"child_{state.value}", "error_message": sentence, "waits_for": 0}
    moved = move(tx, parent_id, JobState.PENDING, JobState.FAILED, waits, finished_at=func.clock_timestamp(), **failed)
    if moved:
        child_ended(tx, moved["parent_id"], JobState.FAILED, sentence)


def reorder(tx: Session, job_id: str, where: Destination) -> None:
    """Moves a waiting job to the front of its workspace's waiting jobs, or past one neighbour; at either end it stays.

    Changes as few priorities as possible. Raises NotFound, NotPermitted, Conflict when it has started or ended.
    """
    if RANK[tx.info["role"]] < RANK["editor"]:
        raise NotPermitted(tr_lazy("Your role here is viewer: you can look at jobs but not move them. Ask an owner for more."))
    job = tx.get(Job, job_id)
    if job is None:
        raise NotFound(tr_lazy("There is no such job in this workspace. It may have been cleaned up; see the list of jobs."))
    tx.execute(_LOCK, {"name": f"order:{tx.info['tenant_id']}:{job.queue}"})
    waiting = Job.queue == job.queue, Job.state == JobState.PENDING, Job.waits_for == 0
    rows = tx.execute(select(Job.id, Job.priority).where(*waiting).order_by(Job.priority, Job.id).with_for_update()).all()
    order = [(row.priority, row.id) for row in rows]
    index = next((n for n, (_, waiting_id) in enumerate(order) if waiting_id == job_id), None)
    if index is None:
        raise Conflict(tr_lazy("This job does not wait any more: it has started or ended."))
    if where == "later":
        index = min(index + 1, len(order) - 1)  # the neighbour behind it is moved in front of it
        if order[index][1] == job_id:
            return
        moved_job, target = order[index], index - 1
    else:
        moved_job, target = order[index], 0 if where == "first" else max(0, index - 1)
    order.remove(moved_job)
    order.insert(target, moved_job)
    for changed_id, priority in _new_priorities(order, target).items():
        tx.execute(update(Job).where(Job.id == changed_id).values(priority=priority))
    events.record(tx, "job.reordered", "job", job_id, {"where": where})


def _new_priorities(order: list[tuple[int, str]], moved: int) -> dict[str, int]:
    """Job id -> new priority, so that (priority, id) sorts as `order` (changed in place). `moved`: index of the job that was
    moved; jobs before it change only where they must."""
    changed: dict[str, int] = {}
    for index in range(moved, -1, -1):
        if index + 1 == len(order):
            continue
        (priority, job_id), following = order[index], order[index + 1]
        if (priority, job_id) < following:
            if index < moved:
                break
            continue
        priority = following[0] if job_id < following[1] else following[0] - 1
        order[index] = (priority, job_id)
        changed[job_id] = priority
    return changed
