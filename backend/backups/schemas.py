"""Values of backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BackupCard:
    """`state`: requested, running, complete, failed. `kind`: full, incremental, dump; "" while it is not known.

    `size_bytes`: added to the target; `objects` and `object_bytes`: in it. `phase` and `error`: as the backup says them.
    """

    id: str
    kind: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    seconds: float
    size_bytes: int
    objects: int
    object_bytes: int
    phase: str
    error: str


@dataclass(frozen=True, slots=True)
class DrillFigures:
    """The last drill: at most `rpo_s` seconds of work were lost, and after `rto_s` the restored studio worked."""

    at: datetime
    rpo_s: float
    rto_s: float
    rows: int
    objects: int


@dataclass(frozen=True, slots=True)
class RestoreCard:
    """`held`: posts that were put on hold; `unknown`: posts that may have gone out, for somebody to look at."""

    restored_at: datetime
    restored_to: datetime
    held: int
    unknown: int


@dataclass(frozen=True, slots=True)
class BackupOverview:
    """`target` "": no backups are set up. `alive`: the process that keeps them has reported within two minutes.

    `method`: physical (every minute) or dump (single moments), for `reason`. `log_minutes`: how long the oldest piece of the
    database's log has been waiting for the target, `log_bytes` of it do. `warnings`: codes of what an operator should do:
    not_running, overdue, log_behind, trouble, key_here, never_drilled.
    """

    target: str
    alive: bool
    method: str
    reason: str
    log_minutes: int
    log_bytes: int
    trouble: str
    warnings: tuple[str, ...]
    last: BackupCard | None
    running: BackupCard | None
    recent: tuple[BackupCard, ...]
    total_bytes: int
    drill: DrillFigures | None
    restore: RestoreCard | None
