"""JobContext: what a pipeline is given. The only way it reads earlier steps, reports progress and writes rows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend.engines.ports.events import Event
from backend.jobs.schemas import JobCard
from backend.jobs.timing import Work

if TYPE_CHECKING:
    from backend.app import App


class WaitForChildren(Exception):
    """Ends the attempt without holding a worker: the job is run again when its last child has ended."""


class WaitUntil(Exception):
    """Ends the attempt without holding a worker: the job is run again after `seconds`, or when `wake` says so. Its children may
    run or fail meanwhile."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:g} s")
        self.seconds = seconds


S = TypeVar("S")
T = TypeVar("T")
Result = dict[str, Any] | None
"""What is stored of a step or a job: a JSON object, or nothing."""


def no_work() -> None:
    """The `work` of a `write_step` that only writes."""


class JobContext(Protocol):
    """One attempt at one job. Every method may raise LeaseLost; see `check` for the rest.

    `workdir`: a private folder, removed at the end. `device`: name of the device this attempt holds (`cpu`, `cuda:0`), or "".
    `handle`: what an earlier attempt saved to find its remote work again.
    """

    tenant_id: str
    user_id: str
    job_id: str
    attempt_id: str
    app: App
    device: str

    @property
    def workdir(self) -> Path: ...

    @property
    def completed(self) -> bool:
        """Whether a step has completed the job (`job_result`): nothing after it is written."""
        ...

    @property
    def handle(self) -> dict[str, Any] | None: ...

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction in the job's workspace. Its first statement is the fence: it locks the attempt, or raises LeaseLost
        when the attempt no longer owns the job."""
        ...

    def step(self, name: str, compute: Callable[[], Result]) -> Result:
        """Runs `compute` and stores its result as the result of step `name` of this job.

        After a crash: a step that was stored is not run again, the next attempt gets its result. A step that was not is run
        again from its beginning, so whatever `compute` did elsewhere is done a second time.
        """
        ...

    def write_step(
        self,
        name: str,
        work: Callable[[], T],
        write: Callable[[Session, T], Result],
        *,
        keep_handle: bool = False,
        job_result: Callable[[], Result] | None = None,
    ) -> Result:
        """A step that writes rows: runs `work` without a transaction, then `write(tx, value)` with the value it returned, in
        the transaction that stores the step. What `write` returns is the step's result. `no_work`: nothing to do before.

        After a crash: either the step's rows and its result are both there, and neither function is run again; or neither is
        there, and both are. What `work` did elsewhere (uploads, paid calls) is then done a second time.

        `keep_handle`: keep the saved handle, because it also names work that this step has not brought in. `job_result`:
        returns the job's result, when nothing is left to do after this step; it is called after `write`, and the job is
        completed in the same transaction, unless it has a parent. The pipeline must return the same result.
        """
        ...

    def start_timing(self, work: Work, *, more: bool = False) -> None:
        """Announces what this attempt is about to do. If the attempt completes the job, its duration is recorded for estimates.

        `more`: add the cost to what was announced before.
        """
        ...

    def fault_point(self, name: str) -> None:
        """Names the current step without keeping a result, for work that keeps its own. Tests may stop the process here."""
        ...

    def progress(self, done: int, total: int, phase: str = "working") -> None:
        """Reports progress; may be called at any rate. `total` 0: not countable. The ETA starts anew with each phase."""
        ...

    def preview(self, jpeg: bytes) -> None: ...

    def log(self, line: str, level: str = "info") -> None: ...

    def save_handle(self, handle: Mapping[str, Any] | None) -> None:
        """Saves what the next attempt needs to find remote work again; committed when this returns. A finished step clears it,
        unless `keep_handle`."""
        ...

    def check(self) -> None:
        """Raises Cancelled, LeaseLost, ShuttingDown, or TimedOut (deadline, or no progress for the kind's stall limit)."""
        ...

    def pump(self, events: Generator[Event, None, None]) -> Iterator[Event]:
        """Calls `check` on every event; applies Progress, Preview, Handle, DeviceReleased, Log and Alive; yields the others.

        Closes the generator (which stops the engine) however it ends, but first throws LeaseLost and ShuttingDown into it, so
        that an engine that can leaves its work to the next attempt.
        """
        ...

    def spawn_child_job(self, name: str, *, kind: str, payload: BaseModel, title: str) -> JobCard:
        """Enqueues a child of this job, once per `name`."""
        ...

    def wait_for_children(self) -> list[JobCard]:
        """The children's cards once all have completed; raises WaitForChildren before that."""
        ...


@dataclass(frozen=True, slots=True)
class Handler:
    """How a worker does one kind: payload model, pipeline. `run` returns the job's result (JSON) or None."""

    payload: type[BaseModel]
    run: Callable[[Any, Any], dict[str, Any] | None]


def run_steps(ctx: JobContext, steps: Generator[S, None, T], report: Callable[[S], None] | None = None) -> T:
    """What the generator returns. `report` is given what each step yields, and the job may be stopped after each; closing the
    generator stops its programs."""
    try:
        while True:
            try:
                state = next(steps)
            except StopIteration as end:
                return cast("T", end.value)
            if report:
                report(state)
            ctx.check()
    finally:
        steps.close()
