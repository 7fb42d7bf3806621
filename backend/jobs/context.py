"""What a pipeline is handed: the only way it reads its job's memory, reports, and writes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend.engines.events import Event
from backend.jobs.schemas import JobCard

if TYPE_CHECKING:
    from backend.bootstrap import App


class Waiting(Exception):
    """The job waits for its children: it gives its slot back and is run again when the last one has ended."""


Result = dict[str, Any] | None
Done = Result | Callable[[Session], Result]
"""What a step's function returns."""


class JobContext(Protocol):
    """One attempt at one job. Every method may raise LeaseLost; see `check` for the rest.

    `workdir`: a private folder, removed at the end. `device`: name of the card this attempt holds (`cpu`, `cuda:0`), or "".
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
        """A step has ended the job (`ends_with`): whatever comes after it writes nothing."""
        ...

    @property
    def handle(self) -> dict[str, Any] | None: ...

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction in the job's workspace; its first statement locks the attempt if it is still ours, else LeaseLost."""
        ...

    def step(
        self, name: str, fn: Callable[[], Done], *, keep_handle: bool = False, ends_with: Result = None
    ) -> dict[str, Any] | None:
        """Runs `fn` once per job: its result is kept, and returned when a later attempt comes here again.

        `fn` may return a function instead: it is given the transaction that keeps the step and returns the result, so that
        what it writes and that the step is done become true together.

        `keep_handle`: the saved handle also names work that this step has not brought in. `ends_with`: the job's result,
        when nothing is left to do after this step; the job is completed in the same transaction, unless others wait for it.
        The pipeline returns the same result.
        """
        ...

    def reach(self, name: str) -> None:
        """Says where the job is, for work that keeps its own memory: nothing is remembered here. Tests may stop the process."""
        ...

    def progress(self, done: int, total: int, phase: str = "working") -> None:
        """Call at any rate. `total` 0: not countable. The ETA starts anew with each phase."""
        ...

    def preview(self, jpeg: bytes) -> None: ...

    def log(self, line: str, level: str = "info") -> None: ...

    def save_handle(self, handle: Mapping[str, Any] | None) -> None:
        """Durable before it returns. A finished step forgets it, unless it keeps it."""
        ...

    def check(self) -> None:
        """Raises Cancelled, LeaseLost, ShuttingDown, or TimedOut (deadline, or no progress for the kind's stall limit)."""
        ...

    def pump(self, events: Generator[Event, None, None]) -> Iterator[Event]:
        """Checks on every event; applies Progress, Preview, Handle, Handover, Log and Alive; yields what is left.

        Closes the generator (which stops the engine) on any way out, but throws LeaseLost and ShuttingDown into it: the work
        goes on to the next attempt, if the engine can leave it.
        """
        ...

    def spawn_child_job(self, name: str, *, kind: str, payload: BaseModel, title: str, priority: int = 0) -> JobCard:
        """Starts a job below this one, once per `name`."""
        ...

    def wait_for_children(self) -> list[JobCard]:
        """Their cards once all have completed; until then leaves the attempt (Waiting) without holding a slot."""
        ...


@dataclass(frozen=True, slots=True)
class Handler:
    """How a worker does one kind: payload model, pipeline. `run` returns the job's result (JSON) or None."""

    payload: type[BaseModel]
    run: Callable[[Any, Any], dict[str, Any] | None]
