"""What pages and the API see of a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class JobCard:
    """`progress` 0..1, None while nothing is countable; `eta_s` seconds, None while unknown; `preview` a JPEG data URL.

    `queue_position` 1 = next in this workspace; None unless it could run. `error_message` on a pending job says why it is
    tried again. `not_before`: a waiting job starts no earlier; None once that time has come. `kind`: how it is run. `type`:
    what was ordered, by the name that programs use. `result`: in camelCase, also of jobs that older versions ran. `payload`:
    None where many poll. `cost_usd`: of captions alone, as 0.5.1 counted; budgets.cost_of_jobs says it of every kind.
    """

    id: str
    kind: str
    type: str
    title: str
    state: str
    progress: float | None
    phase: str
    done: int
    total: int
    eta_s: float | None
    preview: str | None
    error_code: str | None
    error_message: str | None
    dead_letter: bool
    result: dict[str, Any] | None
    subject_noun: str
    subject_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    queue_position: int | None
    cancel_requested: bool
    attempt_n: int
    cost_usd: Decimal | None
    parent_id: str | None = None
    waits_for: int = 0
    not_before: datetime | None = None
    payload: dict[str, Any] | None = None
    created_by: str | None = None

    @property
    def ended(self) -> bool:
        return self.state in {"completed", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class JobPage:
    """Newest first. `next_cursor` None: nothing older. `total`: how many match, all pages together."""

    cards: list[JobCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class LogLine:
    id: int
    at: datetime
    level: str
    line: str
    attempt_n: int


@dataclass(frozen=True, slots=True)
class WorkerCard:
    """`alive`: renewed within the lease."""

    id: str
    host: str
    pid: int
    queues: list[str]
    version: str
    state: str
    alive: bool
    started_at: datetime
    seen_at: datetime
