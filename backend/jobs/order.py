"""The order in which a workspace's waiting jobs of a queue come: lower priority first, then age."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import events
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.db import RANK
from backend.tables import Job, JobState

Where = Literal["first", "earlier", "later"]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def reorder(tx: Session, job_id: str, where: Where) -> None:
    """Moves a waiting job to the front of its workspace's line, or past one neighbour. At the end of the line it stays.

    As few priorities change as possible. Raises NotFound, NotPermitted, Conflict when it has started or ended.
    """
    if RANK[tx.info["role"]] < RANK["editor"]:
        raise NotPermitted("Your role here is viewer: you can look at jobs but not move them. Ask an owner for more.")
    job = tx.get(Job, job_id)
    if job is None:
        raise NotFound("There is no such job in this workspace. It may have been cleaned up; look at the list of jobs.")
    tx.execute(_LOCK, {"name": f"order:{tx.info['tenant_id']}:{job.queue}"})
    waiting = Job.queue == job.queue, Job.state == JobState.PENDING, Job.waits_for == 0
    rows = tx.execute(select(Job.id, Job.priority).where(*waiting).order_by(Job.priority, Job.id).with_for_update()).all()
    line = [(row.priority, row.id) for row in rows]
    at = next((n for n, (_, one) in enumerate(line) if one == job_id), None)
    if at is None:
        raise Conflict("This job does not wait any more: it has started or ended.")
    if where == "later":
        at = min(at + 1, len(line) - 1)  # its neighbour goes past it
        if line[at][1] == job_id:
            return
        mover, target = line[at], at - 1
    else:
        mover, target = line[at], 0 if where == "first" else max(0, at - 1)
    line.remove(mover)
    line.insert(target, mover)
    for changed, priority in _settled(line, target).items():
        tx.execute(update(Job).where(Job.id == changed).values(priority=priority))
    events.record(tx, "job.reordered", "job", job_id, {"where": where})


def _settled(line: list[tuple[int, str]], moved: int) -> dict[str, int]:
    """New priorities that put `line` in this order: of what was moved, and of what stands before it only where that must be."""
    changed: dict[str, int] = {}
    for at in range(moved, -1, -1):
        if at + 1 == len(line):
            continue
        (priority, job_id), following = line[at], line[at + 1]
        if (priority, job_id) < following:
            if at < moved:
                break
            continue
        priority = following[0] if job_id < following[1] else following[0] - 1
        line[at] = (priority, job_id)
        changed[job_id] = priority
    return changed
