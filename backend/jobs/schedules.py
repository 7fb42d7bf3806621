"""Recurring jobs that the studio starts by itself in every workspace. Any number of schedulers may run: each date fires
once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from pydantic import BaseModel
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import FINAL, EventRow, Job, Schedule, Workspace
from backend.db.transactions import notify_queue
from backend.jobs.job_type import JOB_TYPES
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job of `kind` with an empty payload, in each workspace that has no unfinished one. `every_setting`: where in
    Settings it stands."""

    kind: str
    title: str
    every_setting: str


RECURRING: dict[str, Recurring] = {"upkeep": Recurring("upkeep", tr_lazy("Tidy up the workspace"), "jobs.maintenance_every_s")}


def fire_due(tx: Session, settings: Settings) -> int:
    """Starts the recurring jobs that are due; `tx` is a dispatch transaction. Returns how many. Dates missed fire once
    together."""
    for name, recurring in RECURRING.items():
        every = int(attrgetter(recurring.every_setting)(settings))
        first = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, every)
        tx.execute(insert(Schedule).values(id=name, every_s=every, next_at=first).on_conflict_do_nothing())
    due = select(Schedule).where(Schedule.next_at <= func.clock_timestamp(), Schedule.id.in_(RECURRING))
    started = 0
    for schedule in tx.scalars(due.with_for_update(skip_locked=True)).all():
        started += _enqueue_in_workspaces(tx, RECURRING[schedule.id], schedule.next_at)
        later = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, Schedule.every_s)
        tx.execute(update(Schedule).where(Schedule.id == schedule.id).values(next_at=later))
    return started


def _enqueue_in_workspaces(tx: Session, recurring: Recurring, at: datetime) -> int:
    spec = JOB_TYPES[recurring.kind]
    unfinished = select(Job.tenant_id).where(Job.kind == spec.kind, Job.state.not_in(FINAL))
    tenants = tx.scalars(select(Workspace.id).where(Workspace.id.not_in(unfinished))).all()
    for tenant_id in tenants:
        row = {"id": new_id("job"), "tenant_id": tenant_id, "kind": spec.kind, "v": spec.v, "queue": spec.queue}
        row |= {"type": spec.public_type, "priority": spec.priority}
        key = f"{recurring.kind}@{at.isoformat()}"
        tx.execute(insert(Job).values(**row, title=recurring.title, payload={}, request_key=key).on_conflict_do_nothing())
    if tenants:
        notify_queue(tx, spec.queue)
    return len(tenants)


def enqueue_for(
    tx: Session,
    tenant_id: str,
    *,
    kind: str,
    payload: BaseModel,
    title: str,
    subject: tuple[str, str],
    priority: int | None = None,
) -> str:
    """Enqueues a job in any workspace; `tx` is a dispatch transaction. Returns its id. The queue is notified after the
    commit."""
    spec, job_id = JOB_TYPES[kind], new_id("job")
    row = {"id": job_id, "tenant_id": tenant_id, "kind": kind, "v": spec.v, "queue": spec.queue, "title": title}
    row |= {
        "payload": payload.model_dump(mode="json"),
        "subject_noun": subject[0],
        "subject_id": subject[1],
        "type": spec.public_type,
        "priority": spec.priority if priority is None else priority,
    }
    tx.execute(insert(Job).values(**row, request_key=f"{kind}@{job_id}"))
    event = {"id": new_id("evt"), "tenant_id": tenant_id, "kind": "job.pending", "noun": "job", "noun_id": job_id}
    tx.execute(insert(EventRow).values(**event, data={"kind": kind}))
    notify_queue(tx, spec.queue)
    return job_id


CLAIMABLE = text(
    "SELECT queue, count(*) AS n FROM (SELECT queue FROM jobs WHERE state = 'pending' AND waits_for = 0 "
    "AND not_before <= clock_timestamp() LIMIT 1000) c GROUP BY queue"
)


def claimable(tx: Session) -> dict[str, int]:
    """Queue -> jobs that could run now, counted to 1,000 altogether. `tx` is a dispatch transaction."""
    return {row.queue: row.n for row in tx.execute(CLAIMABLE)}
