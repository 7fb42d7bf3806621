"""Values of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict


class EndedJobs(BaseModel):
    """Jobs of a type that ended alike (`outcome`: completed, failed, cancelled) since the sample before. `seconds`: of all `n`
    together, from each one's first start to its end; `longest_s`: of the one that took longest."""

    model_config = ConfigDict(frozen=True)

    type: str
    outcome: str
    n: int
    seconds: float
    longest_s: float


class Figures(BaseModel):
    """What a sample holds. Dictionaries are by queue (gpu, cpu, net), unless the name says otherwise; a queue without any is
    left out. Times in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True)

    waiting: dict[str, int] = {}
    """Jobs that a worker could take now."""
    oldest_wait_s: dict[str, float] = {}
    running: dict[str, int] = {}
    ended: tuple[EndedJobs, ...] = ()
    dead_letters: int = 0
    posts_overdue: int = 0
    """Posts that should have gone out more than a minute ago and are not under way."""
    publishing_lag_s: float = 0.0
    """How late the latest of them is."""
    posts_unconfirmed: int = 0
    webhooks_waiting: int = 0
    notices_waiting: int = 0
    text_calls_today: dict[str, int] = {}
    """By state of the ledger: settled, estimated, refused, cached, reserved. Today is the day in UTC, as in the ledger."""
    spent_today_usd: float = 0.0
    spent_today_most_usd: float = 0.0
    spent_month_most_usd: float = 0.0
    """What the workspace spent that spent the most, today and this month."""
    own_budget_used_ratio: float = 0.0
    """Of the limits that owners set: the greatest part that is used of any of them; 1 is all of it."""
    budget_used_ratio: float = 0.0
    """The same, with the operator's limits."""
    channels_expiring: int = 0
    """Connected accounts whose tokens end within a week and were not renewed."""
    channels_to_reconnect: int = 0
    workers: dict[str, int] = {}
    """Live workers."""
    devices: dict[str, int] = {}
    """By state: free, busy, down, disabled."""
    backup_finished_s: float = 0.0
    """When the newest complete backup was done, in seconds since 1970; 0: there is none."""
    backup_log_lag_s: float = 0.0
    """How long the oldest of the database's log has waited for the backup's target."""
    connections: int = 0
    connections_most: int = 0
    database_bytes: int = 0
    stored_bytes: int = 0
    stored_files: int = 0
    disk_free_bytes: int = 0
    disk_total_bytes: int = 0
    ended_total: dict[str, int] = {}
    """`<type> <outcome>` -> jobs ended since the first sample of all."""
    ended_seconds_total: dict[str, float] = {}
    """Type -> seconds that they took together."""


@dataclass(frozen=True, slots=True)
class MinuteSample:
    """`position`: events up to there are counted."""

    minute: datetime
    position: int
    figures: Figures
