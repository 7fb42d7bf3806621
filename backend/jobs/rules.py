"""Pure rules: what the end of an attempt means for its job. The only place where errors become outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from backend.db.tables import JobState
from backend.errors import (
    Cancelled,
    DiskFull,
    EngineUnavailable,
    LeaseLost,
    ProcessKilled,
    RateLimited,
    ShuttingDown,
    StudioError,
    Unavailable,
)
from backend.jobs.context import WaitForChildren, WaitUntil
from backend.kit import disk
from backend.language import joined, tr_lazy

MAX_DEATHS = 3
"""How often a job's process may be killed within the setting `jobs.deaths_within_s`, without a finished step in between."""
INTERNAL_ERROR = tr_lazy(
    "Something broke on our side. Try it again; if it happens twice, tell whoever runs this studio: the worker's log names "
    "this job and says where."
)
OTHER_VERSION = tr_lazy("This job was written by another version of the studio. Start it anew from its page.")


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """How an attempt ended (`outcome`) and what becomes of its job (`state`).

    `delay_s`: seconds until the next attempt. `delays`: instead of it, one for each retry in a row. `counted`: it used up a
    retry. `killed`: its worker or its engine's process died; `deaths_within_s`: for how long that counts. `device_down`: why
    its device is out of use until a probe succeeds. `keep_handle`: the next attempt may find the remote work again.
    `dead_letter`: somebody has to look at it. `for_children`: it waits until all its children have completed.
    """

    outcome: str
    state: JobState
    result: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    detail: str = ""
    delay_s: float = 0.0
    delays: tuple[float, ...] = ()
    counted: bool = False
    killed: bool = False
    deaths_within_s: float = 3600.0
    dead_letter: bool = False
    for_children: bool = False
    device_down: str = ""
    keep_handle: bool = False


def completed(result: dict[str, Any] | None) -> AttemptOutcome:
    return AttemptOutcome("completed", JobState.COMPLETED, result=result)


def outcome_of_error(
    error: BaseException,
    *,
    retries: int,
    max_retries: int,
    delays: Sequence[float],
    submitted: bool,
    detail: str = "",
    deaths_within_s: float = 3600.0,
) -> AttemptOutcome:
    """What `error` leads to. `retries`: retries already used. `delays`: seconds before each retry; the last one repeats.

    `submitted`: a remote handle is saved, so the engine had accepted the work.
    """
    if not isinstance(error, StudioError) and disk.caused_by_full(error):
        error = DiskFull(disk.FULL)
    code = error.code if isinstance(error, StudioError) else "internal"
    message = error.message if isinstance(error, StudioError) else INTERNAL_ERROR
    error_fields: dict[str, Any] = {"error_code": code, "error_message": message, "detail": detail}
    delay = delays[min(retries, len(delays) - 1)] if delays else 0.0
    match error:
        case WaitForChildren() | WaitUntil():
            return _waiting(error)
        case ShuttingDown() | LeaseLost():
            return AttemptOutcome("released", JobState.PENDING, keep_handle=True)
        case Cancelled():
            return AttemptOutcome("cancelled", JobState.CANCELLED)
        case ProcessKilled():
            retry_s = delays[0] if delays else 0.0
            return AttemptOutcome(
                "lost", JobState.PENDING, killed=True, deaths_within_s=deaths_within_s, delay_s=retry_s, **error_fields
            )
        case RateLimited():
            return AttemptOutcome("retried", JobState.PENDING, delay_s=error.retry_after, keep_handle=True, **error_fields)
        case EngineUnavailable() if not submitted:
            return AttemptOutcome("retried", JobState.PENDING, delays=tuple(delays), device_down=message, **error_fields)
        case Unavailable():
            return AttemptOutcome("retried", JobState.PENDING, delays=tuple(delays), keep_handle=True, **error_fields)
        case ValidationError():
            return AttemptOutcome(
                "failed", JobState.FAILED, dead_letter=True, **{**error_fields, "error_message": OTHER_VERSION}
            )
        case StudioError() if not error.retryable:
            return AttemptOutcome("failed", JobState.FAILED, **error_fields)
    if retries < max_retries:
        engine_down = isinstance(error, EngineUnavailable)
        return AttemptOutcome(
            "retried",
            JobState.PENDING,
            delay_s=delay,
            counted=True,
            keep_handle=engine_down,
            device_down=message if engine_down else "",
            **error_fields,
        )
    return AttemptOutcome("failed", JobState.FAILED, dead_letter=True, **error_fields)


def _waiting(error: WaitForChildren | WaitUntil) -> AttemptOutcome:
    if isinstance(error, WaitForChildren):
        return AttemptOutcome("waiting", JobState.PENDING, keep_handle=True, for_children=True)
    return AttemptOutcome("waiting", JobState.PENDING, keep_handle=True, delay_s=max(error.seconds, 0.0))


def worker_lost(*, detail: str, within_s: float = 3600.0) -> AttemptOutcome:
    """The outcome of an attempt whose worker died or froze."""
    error_fields: dict[str, Any] = {
        "error_code": "worker_lost",
        "error_message": tr_lazy("Its worker stopped; it goes on."),
        "detail": detail,
    }
    return AttemptOutcome("lost", JobState.PENDING, killed=True, deaths_within_s=within_s, keep_handle=True, **error_fields)


def fail_after_deaths(outcome: AttemptOutcome, *, before: int, within_s: float) -> AttemptOutcome:
    """The outcome of a killed attempt when `before` others were killed in the last `within_s` seconds: `outcome`, or failed at
    MAX_DEATHS.

    `before` counts since the last finished step, so a job that gets further may be killed any number of times.
    """
    if before + 1 < MAX_DEATHS:
        return outcome
    time = _duration_text(within_s)
    killed = (
        tr_lazy(
            "The worker doing this was killed {times} times within {time}, without a finished step between.",
            times=MAX_DEATHS,
            time=time,
        )
        if outcome.error_code == "worker_lost"
        else tr_lazy(
            "The engine's process was killed {times} times within {time}, without a finished step between.",
            times=MAX_DEATHS,
            time=time,
        )
    )
    advice = tr_lazy(
        "It may be too large for this machine: choose a smaller size, batch or model, then try it again. "
        "The log says how far it came."
    )
    why = joined(killed, advice)
    return replace(outcome, state=JobState.FAILED, error_message=why, dead_letter=True, delay_s=0.0)


def _duration_text(seconds: float) -> str:
    if seconds == 3600:
        return tr_lazy("an hour")
    if seconds >= 120:
        return tr_lazy("{n:.3g} minutes", n=seconds / 60)
    return tr_lazy("{n:.3g} seconds", n=seconds)
