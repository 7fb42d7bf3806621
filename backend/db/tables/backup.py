"""Backups as ops/backup reports them, for the pages: what there is, how far the log is behind, and restores."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, one_of


class Backup(Dated, Base):
    """A backup of the whole installation. The target's own records are the truth; rows are written from them."""

    __tablename__ = "backups"
    __table_args__ = (
        CheckConstraint(one_of("state", "requested", "running", "complete", "failed"), name="state"),
        CheckConstraint(one_of("kind", "", "full", "incremental", "dump"), name="kind"),
        Index("ix_backups_requested", "id", postgresql_where=text("state IN ('requested', 'running')")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    """The target's id of a complete one; else an id of our own."""
    kind: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    requested_by: Mapped[str | None]
    """The person who asked for it; null: the schedule, or the command line."""
    phase: Mapped[str] = mapped_column(server_default="")
    """What is being done, as ops/backup says it."""
    error: Mapped[str] = mapped_column(server_default="")
    finished_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(server_default="0")
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Added to the target."""
    objects: Mapped[int] = mapped_column(BigInteger, server_default="0")
    object_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")


class BackupStatus(Base):
    """One row, renewed by the process that keeps the backups; `seen_at` says whether it still runs."""

    __tablename__ = "backup_status"
    id: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    target: Mapped[str]
    method: Mapped[str]
    """physical: every minute; dump: single moments, for `reason`."""
    reason: Mapped[str] = mapped_column(server_default="")
    log_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Of Postgres's log, waiting for the target."""
    log_since: Mapped[datetime | None]
    """Since when the oldest of it waits."""
    trouble: Mapped[str] = mapped_column(server_default="")
    key_is_here: Mapped[bool] = mapped_column(server_default=text("false"))
    """The secret key still lies beside the data that it protects."""
    drill: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """The last drill's figures, with `at`."""


class Restore(Base):
    """A restore, written into what was restored."""

    __tablename__ = "restores"
    id: Mapped[str] = mapped_column(primary_key=True)
    restored_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    restored_to: Mapped[datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What was done so that nothing goes out twice: `held`, `published`, `to_ask`, `unknown` …"""
