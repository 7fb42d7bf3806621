"""A queue as one who waits in it sees it: what runs, what comes first, how long such work took before, which cards do it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.tables import Attempt, Device, Job, JobState

_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class InLine:
    """A job of this workspace that runs or waits. `left_s`: seconds it will still run, None unless it runs and says so.

    `running_s`: for how long it has run already. `not_before`: it does not start earlier.
    """

    id: str
    kind: str
    subject_id: str
    running: bool
    running_s: float
    left_s: float | None
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Cards:
    """What may do one kind of work. `up`: cards that answer; `foreign`: of those, held by another workspace's work.

    `vram_mb`: memory of the smallest that is known, 0: a processor, or not known. `name`: of that one.
    """

    up: int = 0
    foreign: int = 0
    vram_mb: int = 0
    name: str = ""


def line(tx: Session, queue: str) -> list[InLine]:
    """Running jobs first, then those that wait in the order they are claimed; jobs that wait for children are left out."""
    ran = func.extract("epoch", func.clock_timestamp() - Attempt.started_at)
    working = Job.queue == queue, Job.state.in_((JobState.PENDING, JobState.PROCESSING)), Job.waits_for == 0
    rows = tx.execute(
        select(Job.id, Job.kind, Job.subject_id, Job.state, Job.not_before, ran, Attempt.eta_s)
        .outerjoin(Attempt, (Attempt.id == Job.attempt_id) & Attempt.ended_at.is_(None))
        .where(*working)
        .order_by(Job.state.desc(), Job.priority, Job.id)
    )
    found = []
    for job_id, kind, subject_id, state, not_before, ran_s, eta_s in rows:
        running = state == JobState.PROCESSING
        left_s = eta_s if running else None
        found.append(InLine(job_id, kind, subject_id, running, float(ran_s or 0), left_s, not_before))
    return found


def typical_s(tx: Session, kinds: Collection[str]) -> dict[str, float]:
    """Median seconds of the last completed jobs of each kind; kinds that never ended well are absent."""
    medians: dict[str, float] = {}
    for kind in kinds:
        took = func.extract("epoch", Job.finished_at - Job.started_at)
        ended = Job.kind == kind, Job.state == JobState.COMPLETED
        last = sorted(float(s) for s in tx.scalars(select(took).where(*ended).order_by(Job.id.desc()).limit(_LOOKED_AT)) if s)
        if last:
            medians[kind] = last[len(last) // 2]
    return medians


def cards(tx: Session, capability: str) -> Cards:
    """Cards of the whole installation with this capability (`trainer`, `image`)."""
    mine = select(Attempt.id).where(Attempt.id == Device.held_by).exists()
    up = select(Device.vram_mb, Device.name, Device.held_by, mine).where(
        Device.state == "up", Device.engines.has_key(capability), ~Device.down.has_key(capability)
    )
    rows = tx.execute(up.order_by(Device.vram_mb == 0, Device.vram_mb, Device.id)).all()
    if not rows:
        return Cards()
    foreign = sum(held_by is not None and not ours for _, _, held_by, ours in rows)
    return Cards(len(rows), foreign, rows[0].vram_mb, rows[0].name)
