"""The order in which a workspace's waiting jobs of a queue come: lower priority first, then age."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Job, JobState
from backend.db.transactions import RANK
from backend.errors import Conflict, NotFound, NotPermitted

Destination = Literal["first", "earlier", "later"]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def reorder(tx: Session, job_id: str, where: Destination) -> None:
    """Moves a waiting job to the front of its workspace's waiting jobs, or past one neighbour; at either end it stays.

    Changes as few priorities as possible. Raises NotFound, NotPermitted, Conflict when it has started or ended.
    """
    if RANK[tx.info["role"]] < RANK["editor"]:
        raise NotPermitted("Your role here is viewer: you can look at jobs but not move them. Ask an owner for more.")
    job = tx.get(Job, job_id)
    if job is None:
        raise NotFound("There is no such job in this workspace. It may have been cleaned up; look at the list of jobs.")
    tx.execute(_LOCK, {"name": f"order:{tx.info['tenant_id']}:{job.queue}"})
    waiting = Job.queue == job.queue, Job.state == JobState.PENDING, Job.waits_for == 0
    rows = tx.execute(select(Job.id, Job.priority).where(*waiting).order_by(Job.priority, Job.id).with_for_update()).all()
    order = [(row.priority, row.id) for row in rows]
    index = next((n for n, (_, waiting_id) in enumerate(order) if waiting_id == job_id), None)
    if index is None:
        raise Conflict("This job does not wait any more: it has started or ended.")
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
