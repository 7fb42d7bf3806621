"""Jobs with their attempts, finished steps and logs; workers, devices, turns and schedules; how long finished work took."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, Identity, Index, Numeric, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

SEARCH_VECTOR = (
    "array_to_tsvector(ARRAY[('#'::text || tenant_id)]) || to_tsvector('simple'::regconfig, translate("
    "(title ->> 'text'::text), '-/._@+&?=~#<>'::text, '             '::text))"
)


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
"""Allowed transitions. FAILED and CANCELLED go back to PENDING only when a person retries the job; PENDING fails only when a
child that it waits for did not complete."""
FINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})


class Job(Tenanted, Dated, Base):
    __tablename__ = "jobs"
    __table_args__ = (
        tenant_key(),
        tenant_key("request_key"),
        CheckConstraint(one_of("state", *JobState), name="state"),
        tenant_fk("parent_id", "jobs"),
        Index("ix_jobs_claim", "queue", "tenant_id", "priority", "id", postgresql_where=text("state = 'pending'")),
        Index(None, "tenant_id", "state", "id"),
        Index(None, "tenant_id", "kind", "state"),
        Index(None, "tenant_id", "subject_noun", "subject_id", "id"),
        Index(None, "tenant_id", "type", "state"),
        Index("ix_jobs_dead_letters", "tenant_id", "id", postgresql_where=text("dead_letter")),
        Index("ix_jobs_children", "tenant_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_jobs_api_key", "api_key_id", "created_at", postgresql_where=text("api_key_id IS NOT NULL")),
        Index(
            "ix_jobs_search",
            "search",
            postgresql_using="gin",
            postgresql_where=text("state IN ('completed', 'failed', 'cancelled')"),
        ),
        Index("ix_jobs_processing", "attempt_id", postgresql_where=text("state = 'processing'")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """How it is run."""
    type: Mapped[str | None]
    """What was ordered, by the name that programs use; null in jobs of 0.5.1: the type of their kind."""
    v: Mapped[int] = mapped_column(server_default="1")
    queue: Mapped[str]
    title: Mapped[str] = mapped_column(MessageColumn)
    """Name for people: “Train bella-v1”."""
    state: Mapped[str] = mapped_column(server_default="pending")
    payload: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    """Lower goes first within a workspace."""
    not_before: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    request_key: Mapped[str]
    parent_id: Mapped[str | None]
    waits_for: Mapped[int] = mapped_column(server_default="0")
    """Number of children it waits for; not claimable while above 0."""
    subject_noun: Mapped[str] = mapped_column(server_default="")
    subject_id: Mapped[str] = mapped_column(server_default="")
    retries: Mapped[int] = mapped_column(server_default="0")
    """Counted retries since the last finished step."""
    kills: Mapped[int] = mapped_column(server_default="0")
    """Attempts since the last finished step whose worker or engine was killed; three within `jobs.deaths_within_s` fail the
    job."""
    attempt_id: Mapped[str | None]
    """The attempt that owns the job now: the fencing token."""
    cancel_requested_at: Mapped[datetime | None]
    dead_letter: Mapped[bool] = mapped_column(server_default=text("false"))
    error_code: Mapped[str | None]
    error_message: Mapped[str | None] = mapped_column(MessageColumn)
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(18, 9))
    created_by: Mapped[str | None]
    traceparent: Mapped[str | None]
    """The trace in which it was ordered (W3C), where there are traces."""
    api_key_id: Mapped[str | None]
    """The API key that started it; children have that of their parent."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    """When somebody hid its failure."""
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True), deferred=True)
    """Words of the title, and one for the workspace. The index, of ended jobs,
    is read only through `find_anywhere`."""


class Attempt(Tenanted, Base):
    """One run of a job by a worker. It owns the job while `jobs.attempt_id` names it and `ended_at` is null."""

    __tablename__ = "attempts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("job_id", "jobs", ondelete="CASCADE"),
        CheckConstraint(
            one_of("outcome", "running", "completed", "failed", "cancelled", "retried", "waiting", "released", "lost"),
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
    phase: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
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
    """The result of a finished step: a later attempt returns it instead of doing (or paying for) the step again."""

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
    words: Mapped[dict[str, Any] | None]
    """The line as `backend.language.stored` writes it; NULL: of a program, or of an earlier version."""


class Turn(Base):
    """When a job of a workspace was last claimed from a queue. Only the dispatch role may read it."""

    __tablename__ = "turns"
    queue: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime]


class Worker(Base):
    """A worker process. It counts as alive while `seen_at` is younger than the lease."""

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
    """A GPU, processor or ComfyUI server that one attempt at a time may hold."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint(one_of("state", "up", "disabled"), name="state"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    """`<host>/<name>`, e.g. `studio-1/cpu`, `studio-1/cuda:0`."""
    host: Mapped[str]
    name: Mapped[str]
    vram_mb: Mapped[int] = mapped_column(server_default="0")
    engines: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Capability -> name of the engine, or URL of the server, that uses this device."""
    state: Mapped[str] = mapped_column(server_default="up")
    down: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Capability -> why its engine does not answer. The device's other engines are not affected."""
    probe_at: Mapped[datetime | None]
    held_by: Mapped[str | None]
    """Attempt id."""
    last_engine: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Schedule(Base):
    """A recurring job that the scheduler starts every `every_s` seconds in each workspace."""

    __tablename__ = "schedules"
    id: Mapped[str] = mapped_column(primary_key=True)
    every_s: Mapped[int]
    next_at: Mapped[datetime]


class WorkTime(Base):
    """One finished piece of work. Belongs to the installation, not to a workspace: it names only a machine and a model."""

    __tablename__ = "work_times"
    __table_args__ = (Index(None, "what", "model", "id"), Index(None, "device_id", "id"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    what: Mapped[str]
    """draw, upscale, film, caption, train …"""
    model: Mapped[str]
    """The checkpoint, upscaler or captioner used; empty where it does not matter."""
    cost: Mapped[float]
    """The size of the work."""
    measured: Mapped[bool]
    """`cost` is in seconds of the machine that costs were measured on, else in any unit that grows with the work."""
    cold: Mapped[bool]
    """Its engine had to load first."""
    load_s: Mapped[float]
    """Seconds from the start to the first countable progress."""
    work_s: Mapped[float]
    """Seconds from then to the end."""
    tail_s: Mapped[float]
    """The part of `work_s` from the last countable progress to the end."""
    device_id: Mapped[str | None]
    worker_id: Mapped[str]
    loaded_until: Mapped[datetime | None]
    """Until when the engine keeps the model in memory; None: it does not."""
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
