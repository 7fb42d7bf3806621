"""Automations: what starts them, what they do, and each run with its steps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, PrimaryKeyConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

TRIGGER_KINDS = ("cron", "event", "webhook", "hand")
RUN_WAITS = ("", "jobs", "review", "posts", "time")


class Automation(Tenanted, Dated, Base):
    """`definition`: backend.automations.schemas.AutomationDraft. A run keeps its own copy, so a change never touches it."""

    __tablename__ = "automations"
    __table_args__ = (
        tenant_key(),
        CheckConstraint(one_of("trigger_kind", *TRIGGER_KINDS), name="trigger_kind"),
        Index("ix_automations_listed", "tenant_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(
            "ix_automations_events",
            "event_position",
            postgresql_where=text("trigger_kind = 'event' AND paused_at IS NULL AND deleted_at IS NULL"),
        ),
        Index("uq_automations_hook_hash", "hook_hash", unique=True, postgresql_where=text("hook_hash IS NOT NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    definition: Mapped[dict[str, Any]]
    trigger_kind: Mapped[str]
    event_kind: Mapped[str] = mapped_column(server_default="")
    """The event that starts it; "": it has another trigger."""
    event_position: Mapped[int | None] = mapped_column(BigInteger)
    """Events up to this position have been looked at."""
    listens_from: Mapped[datetime | None]
    """Earlier events start nothing, also those that get their position later."""
    hook_hash: Mapped[str | None]
    """SHA-256 of the secret part of its address."""
    hook_last_four: Mapped[str] = mapped_column(server_default="")
    budget_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    """For each month; None: no limit of its own."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_by: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why the studio paused it; "": a person did."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class AutomationTimer(Tenanted, Base):
    """When an automation starts next for an influencer. `influencer_id` "": an automation about none."""

    __tablename__ = "automation_timers"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "automation_id", "influencer_id"),
        tenant_fk("automation_id", "automations", ondelete="CASCADE"),
        Index("ix_automation_timers_next_at", "next_at"),
    )
    automation_id: Mapped[str]
    influencer_id: Mapped[str]
    zone: Mapped[str]
    cron: Mapped[str]
    next_at: Mapped[datetime]


class AutomationRun(Tenanted, Dated, Base):
    """One run for one influencer. Its state is its job's; `refusal`: why it did not start, then there is no job."""

    __tablename__ = "automation_runs"
    __table_args__ = (
        tenant_key(),
        tenant_key("automation_id", "trigger_key"),
        tenant_fk("automation_id", "automations", ondelete="CASCADE"),
        CheckConstraint(one_of("waits_for", *RUN_WAITS), name="waits_for"),
        Index("ix_automation_runs_listed", "tenant_id", "automation_id", "id"),
        Index("ix_automation_runs_job", "tenant_id", "job_id"),
        Index("ix_automation_runs_waiting", "id", postgresql_where=text("waits_for <> ''")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    automation_id: Mapped[str]
    influencer_id: Mapped[str]
    trigger_key: Mapped[str]
    """What started it: the same key starts no second run."""
    trigger: Mapped[dict[str, Any]]
    """{kind, at, …} of the start: the event, or the body that came with the webhook."""
    definition: Mapped[dict[str, Any]]
    job_id: Mapped[str | None]
    refusal: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    chain: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Automations whose runs led to this one, its own last."""
    waits_for: Mapped[str] = mapped_column(server_default="")
    waiting_ids: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Jobs, or posts' plans, that it waits for."""
    wait_until: Mapped[datetime | None]
    """When it goes on however things stand."""
    summary: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """backend.automations.schemas.Flow at its end."""
    ended_at: Mapped[datetime | None]


class AutomationStep(Tenanted, Base):
    """A step of a run: what it did and which jobs it ordered."""

    __tablename__ = "automation_steps"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "run_id", "n"),
        tenant_fk("run_id", "automation_runs", ondelete="CASCADE"),
        CheckConstraint(one_of("state", "running", "done", "skipped", "failed"), name="state"),
    )
    run_id: Mapped[str]
    n: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str]
    message: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    job_ids: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]
