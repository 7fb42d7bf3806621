"""What a kind of job is, declared once: its queue, payload and pipeline, what pages call it, and its limits.

Each slice declares its own in `job_types.py`; `backend/job_types.py` imports them all. Queues, limits, workers and the filter
of the jobs page are read from here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend.kit.drafts import Draft
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

Queue = Literal["gpu", "cpu", "net"]
Limits = dict[str, Any]
"""Fields of a JobType that several kinds of a slice share."""
QUEUES: tuple[Queue, ...] = ("gpu", "cpu", "net")
CONTENT_PRIORITY, TRAINING_PRIORITY, MAINTENANCE_PRIORITY = 1, 2, 10
"""What people wait for goes before hours of training, and both before tidying up. Workspaces take turns whatever their jobs'
priorities are."""


@dataclass(frozen=True, slots=True)
class JobRequestType:
    """How such a job is started by `name` (POST /api/jobs, `type`), with the verb that the pages use.

    `scope`: what an API key needs for it (backend.access.scopes). `draft`: the model of the payload. `start(app, tx, payload,
    request_key)` returns the job's id. `example`: a payload as clients send it. `estimate(app, tx, payload)`: what it would
    take; None for types that cannot be estimated.
    """

    name: str
    scope: str
    draft: type[Draft]
    start: Callable[[App, Session, Any, str], str]
    example: dict[str, Any]
    estimate: Callable[[App, Session, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class JobType:
    """How jobs of one kind are run. `*_setting`: where in Settings it stands, as "jobs.stall_s".

    `run`: "module:function" of its pipeline, imported by workers only; it takes a JobContext and a `payload` and returns the
    job's result (JSON) or None. `label`: what pages call such jobs; kinds with the same label are listed together. `device`:
    capability of the device it must hold (`image`, `trainer`), empty: none. `limit_setting`: how many may run at once; kinds
    of one queue with the same setting share the limit; empty: no limit. `stall_s`: seconds without progress after which it is
    stopped, 0: the setting `jobs.stall_s`. `requests`: how people and programs start it. `same_as`: the type of the kind that
    does the same on another machine; empty: there is none. `priority`: of its jobs within a workspace and queue, lower first,
    unless who enqueues one says otherwise. `v`: version of the payload; workers also take jobs of version v-1, so that a
    release can run what the one before enqueued.
    """

    kind: str
    queue: Queue
    payload: type[BaseModel]
    run: str
    label: str
    v: int = 1
    deadline_setting: str = "jobs.deadline_content_s"
    stall_s: float = 0.0
    max_retries: int = 3
    limit_setting: str = ""
    device: str = ""
    requests: tuple[JobRequestType, ...] = ()
    same_as: str = ""
    priority: int = CONTENT_PRIORITY

    @property
    def public_type(self) -> str:
        """What programs call jobs of this kind, where whoever enqueues one says nothing else."""
        return self.same_as or (self.requests[0].name if self.requests else self.kind)

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(f"{self.kind}:{v}" for v in (self.v, self.v - 1) if v > 0)

    def deadline_s(self, settings: Settings) -> float:
        return float(attrgetter(self.deadline_setting)(settings))

    def stalled_after_s(self, settings: Settings) -> float:
        return self.stall_s or settings.jobs.stall_s

    def pipeline(self) -> Callable[[Any, Any], dict[str, Any] | None]:
        """Imports it."""
        module, _, function = self.run.partition(":")
        return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]

    @property
    def limit_group(self) -> str:
        """Kinds of one group are counted together: under one queue's lock, so that no two claims take the last place."""
        return f"{self.queue}:{self.limit_setting}" if self.limit_setting else ""

    def limit(self, settings: Settings) -> int | None:
        return int(attrgetter(self.limit_setting)(settings)) if self.limit_setting else None


JOB_TYPES: dict[str, JobType] = {}


def register(*job_types: JobType) -> None:
    """Adds them to JOB_TYPES. At import only."""
    JOB_TYPES.update({job_type.kind: job_type for job_type in job_types})


def labels() -> list[str]:
    """What pages call the jobs there are, in the order of the alphabet."""
    return sorted({job_type.label for job_type in JOB_TYPES.values()})


def kinds_of_type(type: str) -> tuple[str, ...]:
    """Kinds whose jobs have this type where none is stored with them (jobs of 0.5.1)."""
    return tuple(job_type.kind for job_type in JOB_TYPES.values() if job_type.public_type == type)


def type_of_kind(kind: str) -> str:
    """The type of jobs of a kind; of a kind that this release does not know, the kind."""
    job_type = JOB_TYPES.get(kind)
    return job_type.public_type if job_type else kind


def kinds_labelled(label: str) -> tuple[str, ...]:
    return tuple(job_type.kind for job_type in JOB_TYPES.values() if job_type.label == label)
