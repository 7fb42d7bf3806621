"""The one error tree. Each error carries a code for machines and a sentence for people that says what to do next.

StudioError
├── Refused                 the request is at fault; the sentence tells the user what to change
│   ├── Invalid      400    a value is wrong
│   ├── NotSignedIn  401    no session, or it was revoked
│   ├── NotPermitted 403    the role does not allow it
│   ├── NotFound     404    no such row here (another workspace's row included)
│   ├── Conflict     409    the row is taken, changed or in the wrong state
│   └── TooMany      429    throttled; `retry_after` seconds
├── EngineError             an engine said no
│   ├── EngineUnavailable   it is down or busy: tried again later, not counted as a retry
│   ├── RateLimited         tried again after `retry_after` seconds
│   ├── Unsupported         it cannot do this at all
│   ├── Rejected            it refused this input
│   └── OutOfMemory         the device or the child ran out of memory
├── Unavailable      503    Postgres, Redis or S3 does not answer right now
│   └── DiskFull            they answer and cannot write: tried again, and at once when there is room
├── ProcessKilled           a child was ended from outside: tried again, three times within an hour are enough
├── TimedOut                the job passed its deadline, or nothing moved for its stall limit
├── Cancelled               a person asked the job to stop
├── LeaseLost               this attempt no longer owns its job: stop writing
└── ShuttingDown            the worker is stopping in order: checkpoint, the job goes back to pending
"""

from __future__ import annotations

from typing import Any, ClassVar


class StudioError(Exception):
    """Root. `message` is one or two plain sentences for a person; `data` goes into logs and API answers."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Refused(StudioError):
    code = "refused"
    status = 400
    retryable = False


class Invalid(Refused):
    code = "invalid"
    status = 400


class NotSignedIn(Refused):
    code = "not_signed_in"
    status = 401


class NotPermitted(Refused):
    code = "not_permitted"
    status = 403


class NotFound(Refused):
    code = "not_found"
    status = 404


class Conflict(Refused):
    code = "conflict"
    status = 409


class TooMany(Refused):
    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after: float, **data: Any) -> None:
        super().__init__(message, retry_after=retry_after, **data)
        self.retry_after = retry_after


class EngineError(StudioError):
    code = "engine"
    status = 502


class EngineUnavailable(EngineError):
    code = "engine_unavailable"
    status = 503


class RateLimited(EngineError):
    code = "rate_limited"
    status = 503

    def __init__(self, message: str, *, retry_after: float, **data: Any) -> None:
        super().__init__(message, retry_after=retry_after, **data)
        self.retry_after = retry_after


class Unsupported(EngineError):
    code = "unsupported"
    status = 400
    retryable = False


class Rejected(EngineError):
    code = "rejected"
    status = 400
    retryable = False


class OutOfMemory(EngineError):
    code = "out_of_memory"
    retryable = False


class Unavailable(StudioError):
    code = "unavailable"
    status = 503


class DiskFull(Unavailable):
    code = "disk_full"


class ProcessKilled(StudioError):
    code = "process_killed"
    status = 503


class TimedOut(StudioError):
    code = "timed_out"
    status = 504


class Cancelled(StudioError):
    code = "cancelled"
    status = 409
    retryable = False


class LeaseLost(StudioError):
    code = "lease_lost"
    status = 409
    retryable = False


class ShuttingDown(StudioError):
    code = "shutting_down"
    status = 503
