"""A queue as its users see it: what runs, what comes next, how long such jobs took before, which devices run them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.db.tables import Attempt, Device, Job, JobState

_SAMPLES = 20
"""Completed jobs whose median is a kind's typical duration."""


@dataclass(frozen=True, slots=True)
class QueuedJob:
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
class DeviceSummary:
    """Devices with one capability. `up`: those that answer; `foreign`: of these, held by another workspace's job.

    `vram_mb`: memory of the smallest that is known; 0: a processor, or not known. `name`: of that one.
    """

    up: int = 0
    foreign: int = 0
    vram_mb: int = 0
    name: str = ""


def queue_status(tx: Session, queue: str) -> list[QueuedJob]:
    """Running jobs first, then those that wait in the order they are claimed; jobs that wait for children are left out."""
    running_s = func.extract("epoch", func.clock_timestamp() - Attempt.started_at)
    in_queue = Job.queue == queue, Job.state.in_((JobState.PENDING, JobState.PROCESSING)), Job.waits_for == 0
    rows = tx.execute(
        select(Job.id, Job.kind, Job.subject_id, Job.state, Job.not_before, running_s, Attempt.eta_s)
        .outerjoin(Attempt, (Attempt.id == Job.attempt_id) & Attempt.ended_at.is_(None))
        .where(*in_queue)
        .order_by(Job.state.desc(), Job.priority, Job.id)
    )
    queued_jobs = []
    for job_id, kind, subject_id, state, not_before, ran_s, eta_s in rows:
        running = state == JobState.PROCESSING
        left_s = eta_s if running else None
        queued_jobs.append(QueuedJob(job_id, kind, subject_id, running, float(ran_s or 0), left_s, not_before))
    return queued_jobs


def typical_s(tx: Session, kinds: Collection[str]) -> dict[str, float]:
    """Median seconds of the last completed jobs of each kind; kinds without a completed job are absent."""
    medians: dict[str, float] = {}
    for kind in kinds:
        duration_s = func.extract("epoch", Job.finished_at - Job.started_at)
        completed = Job.kind == kind, Job.state == JobState.COMPLETED
        newest = select(duration_s).where(*completed).order_by(Job.id.desc()).limit(_SAMPLES)
        durations_s = sorted(float(seconds) for seconds in tx.scalars(newest) if seconds)
        if durations_s:
            medians[kind] = durations_s[len(durations_s) // 2]
    return medians


def device_summary(tx: Session, capability: str) -> DeviceSummary:
    """Devices of the whole installation with this capability (`trainer`, `image`)."""
    # Row-level security hides other workspaces' attempts, so the holder is visible only when it is this workspace's.
    held_here = select(Attempt.id).where(Attempt.id == Device.held_by).exists()
    up = select(Device.vram_mb, Device.name, Device.held_by, held_here).where(
        Device.state == "up", Device.engines.has_key(capability), ~Device.down.has_key(capability)
    )
    rows = tx.execute(up.order_by(Device.vram_mb == 0, Device.vram_mb, Device.id)).all()
    if not rows:
        return DeviceSummary()
    foreign = sum(held_by is not None and not held_by_us for _, _, held_by, held_by_us in rows)
    return DeviceSummary(len(rows), foreign, rows[0].vram_mb, rows[0].name)
