"""Pure rules: what an attempt's end means for its job. The one place where errors become outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from backend.errors import (
    Cancelled,
    EngineUnavailable,
    LeaseLost,
    RateLimited,
    ShuttingDown,
    StudioError,
    Unavailable,
)
from backend.jobs.context import Waiting
from backend.tables import JobState

MAX_KILLS = 3
INTERNAL = (
    "Something broke on our side. Try it again; if it happens twice, tell whoever runs this studio: the worker's log names "
    "this job and says where."
)
OTHER_VERSION = "This job was written by another version of the studio. Start it anew from its page."
KILLED = "The worker doing this died three times. It may be too large for this machine; the log says how far it came."


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt ended (`outcome`) and what becomes of its job (`state`).

    `delay_s`: earliest next try; `delays`: instead of it, by how often in a row it was put off. `counted`: it used up a retry.
    `killed`: its worker died. `device_down`: why its card is out of use until a probe succeeds. `keep_handle`: the next attempt
    may find the remote work again.
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
    dead_letter: bool = False
    device_down: str = ""
    keep_handle: bool = False


def completed(result: dict[str, Any] | None) -> Verdict:
    return Verdict("completed", JobState.COMPLETED, result=result)


def ended_by(
    error: BaseException, *, retries: int, max_retries: int, delays: Sequence[float], submitted: bool, detail: str = ""
) -> Verdict:
    """`retries`: already used. `submitted`: a remote handle is saved, so the engine had taken the work."""
    code = error.code if isinstance(error, StudioError) else "internal"
    message = error.message if isinstance(error, StudioError) else INTERNAL
    told: dict[str, Any] = {"error_code": code, "error_message": message, "detail": detail}
    delay = delays[min(retries, len(delays) - 1)] if delays else 0.0
    match error:
        case Waiting():
            return Verdict("waiting", JobState.PENDING, keep_handle=True)
        case ShuttingDown() | LeaseLost():
            return Verdict("released", JobState.PENDING, keep_handle=True)
        case Cancelled():
            return Verdict("cancelled", JobState.CANCELLED)
        case RateLimited():
            return Verdict("retried", JobState.PENDING, delay_s=error.retry_after, keep_handle=True, **told)
        case EngineUnavailable() if not submitted:
            return Verdict("retried", JobState.PENDING, delays=tuple(delays), device_down=message, **told)
        case Unavailable():
            return Verdict("retried", JobState.PENDING, delays=tuple(delays), keep_handle=True, **told)
        case ValidationError():
            return Verdict("failed", JobState.FAILED, dead_letter=True, **{**told, "error_message": OTHER_VERSION})
        case StudioError() if not error.retryable:
            return Verdict("failed", JobState.FAILED, **told)
    if retries < max_retries:
        away = isinstance(error, EngineUnavailable)
        down = message if away else ""
        return Verdict("retried", JobState.PENDING, delay_s=delay, counted=True, keep_handle=away, device_down=down, **told)
    return Verdict("failed", JobState.FAILED, dead_letter=True, **told)


def lost(*, kills: int, detail: str) -> Verdict:
    """The worker died or froze. `kills`: how often that happened to this job before."""
    told: dict[str, Any] = {"killed": True, "detail": detail, "keep_handle": True}
    if kills + 1 >= MAX_KILLS:
        return Verdict("lost", JobState.FAILED, error_code="worker_lost", error_message=KILLED, dead_letter=True, **told)
    return Verdict("lost", JobState.PENDING, error_code="worker_lost", error_message="Its worker stopped; it goes on.", **told)
