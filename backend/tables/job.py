"""Jobs, their attempts, remembered steps and logs; workers and devices; whose turn it is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key, words


class JobState(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.PENDING: frozenset({JobState.PROCESSING, JobState.CANCELLED, JobState.FAILED}),
    JobState.PROCESSING: frozenset({JobState.PENDING, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}),
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset({JobState.PENDING}),
    JobState.CANCELLED: frozenset({JobState.PENDING}),
}
"""Allowed moves. FAILED and CANCELLED go back to PENDING only by a person's retry; PENDING fails only when a child it
waits for has failed."""
FINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})


class Job(Tenanted, Dated, Base):
    __tablename__ = "jobs"
    __table_args__ = (
        tenant_key(),
        tenant_key("request_key"),
        CheckConstraint(words("state", *JobState), name="state"),
        tenant_fk("parent_id", "jobs"),
        Index("ix_jobs_claim", "queue", "tenant_id", "priority", "id", postgresql_where=text("state = 'pending'")),
        Index(None, "tenant_id", "state", "id"),
        Index(None, "tenant_id", "subject_noun", "subject_id", "id"),
        Index("ix_jobs_children", "tenant_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_jobs_processing", "attempt_id", postgresql_where=text("state = 'processing'")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    v: Mapped[int] = mapped_column(server_default="1")
    queue: Mapped[str]
    title: Mapped[str]
    """What people call it: “Train bella-v1”."""
    state: Mapped[str] = mapped_column(server_default="pending")
    payload: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    """Lower goes first within a workspace."""
    not_before: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    request_key: Mapped[str]
    parent_id: Mapped[str | None]
    waits_for: Mapped[int] = mapped_column(server_default="0")
    """Children that have not ended; not claimable above 0."""
    subject_noun: Mapped[str] = mapped_column(server_default="")
    subject_id: Mapped[str] = mapped_column(server_default="")
    retries: Mapped[int] = mapped_column(server_default="0")
    """Counted faults since the last durable step."""
    kills: Mapped[int] = mapped_column(server_default="0")
    """Attempts whose worker died or froze; three make a dead letter."""
    attempt_id: Mapped[str | None]
    """The attempt that owns the job now: the fencing token."""
    cancel_requested_at: Mapped[datetime | None]
    dead_letter: Mapped[bool] = mapped_column(server_default=text("false"))
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    created_by: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    """Somebody has seen its failure and wants no reminder."""


class Attempt(Tenanted, Base):
    """One worker's try. It owns the job while `jobs.attempt_id` names it and `ended_at` is null."""

    __tablename__ = "attempts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("job_id", "jobs", ondelete="CASCADE"),
        CheckConstraint(
            words("outcome", "running", "completed", "failed", "cancelled", "retried", "waiting", "released", "lost"),
            name="outcome",
        ),
        Index(None, "tenant_id", "job_id", "id"),
        Index("ix_attempts_running", "worker_id", postgresql_where=text("ended_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str]
    n: Mapped[int]
    worker_id: Mapped[str]
    device_id: Mapped[str | None]
    outcome: Mapped[str] = mapped_column(server_default="running")
    step: Mapped[str] = mapped_column(server_default="")
    phase: Mapped[str] = mapped_column(server_default="")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    eta_s: Mapped[float | None]
    preview: Mapped[str | None]
    """Latest preview as a small JPEG data URL; cleared when the attempt ends."""
    handle: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    progressed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]


class JobStep(Tenanted, Dated, Base):
    """A finished step's result: a retry returns it instead of doing (or paying) it again."""

    __tablename__ = "job_steps"
    __table_args__ = (tenant_fk("job_id", "jobs", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    job_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    attempt_id: Mapped[str]
    result: Mapped[dict[str, Any] | None]


class JobLog(Tenanted, Base):
    __tablename__ = "job_logs"
    __table_args__ = (tenant_fk("job_id", "jobs", ondelete="CASCADE"), Index(None, "tenant_id", "job_id", "id"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[str]
    attempt_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    level: Mapped[str] = mapped_column(server_default="info")
    line: Mapped[str]


class Turn(Base):
    """When a workspace was last served on a queue (dispatch only)."""

    __tablename__ = "turns"
    queue: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime]


class Worker(Base):
    """A worker process. It lives while `seen_at` is younger than the lease."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    queues: Mapped[list[str]]
    version: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    state: Mapped[str] = mapped_column(server_default="up")
    """up, stopping, gone"""


class Device(Base):
    """A card (or the CPU) that one engine at a time may use."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint(words("state", "up", "disabled"), name="state"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    """`<host>/<name>`, e.g. `studio-1/cpu`, `studio-1/cuda:0`."""
    host: Mapped[str]
    name: Mapped[str]
    vram_mb: Mapped[int] = mapped_column(server_default="0")
    engines: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Capability -> engine name or URL that shares this card."""
    state: Mapped[str] = mapped_column(server_default="up")
    down: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Capability -> why its engine does not answer: the card's other engines go on."""
    probe_at: Mapped[datetime | None]
    held_by: Mapped[str | None]
    """Attempt id."""
    last_engine: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Schedule(Base):
    """Something the tick starts every `every_s` seconds in each workspace (`scope` tenant) or once (`scope` server)."""

    __tablename__ = "schedules"
    id: Mapped[str] = mapped_column(primary_key=True)
    every_s: Mapped[int]
    next_at: Mapped[datetime]
