"""Jobs: background work. Enqueued once per request key, run by any free worker, never lost; a finished step is never run
twice."""

from backend.jobs.attempts import (
    AttemptEnd,
    AttemptRef,
    FinishedStep,
    complete_with_step,
    finish_attempt,
    finish_attempts,
    store_step,
)
from backend.jobs.context import Handler, JobContext, WaitForChildren
from backend.jobs.job_type import (
    JOB_TYPES,
    MAINTENANCE_PRIORITY,
    TRAINING_PRIORITY,
    JobRequestType,
    JobType,
    Limits,
    kinds_labelled,
    labels,
    register,
)
from backend.jobs.queries import (
    DeviceSummary,
    QueuedJob,
    children,
    counts,
    device_summary,
    find_by_key,
    get,
    latest,
    live,
    log,
    page,
    queue_status,
    typical_s,
    workers,
)
from backend.jobs.queue_notify import notifier
from backend.jobs.results import with_old_keys
from backend.jobs.schedules import enqueue_for
from backend.jobs.schemas import JobCard, JobPage, LogLine, WorkerCard
from backend.jobs.service import cancel, dismiss, enqueue, on_cancel, postpone, reorder, retry
from backend.jobs.sweep import purge_old
from backend.jobs.timing import Duration, Work, estimate, has_history, model_loaded, slowdown

__all__ = [
    "JOB_TYPES",
    "MAINTENANCE_PRIORITY",
    "TRAINING_PRIORITY",
    "AttemptEnd",
    "AttemptRef",
    "DeviceSummary",
    "Duration",
    "FinishedStep",
    "Handler",
    "JobCard",
    "JobContext",
    "JobPage",
    "JobRequestType",
    "JobType",
    "Limits",
    "LogLine",
    "QueuedJob",
    "WaitForChildren",
    "Work",
    "WorkerCard",
    "cancel",
    "children",
    "complete_with_step",
    "counts",
    "device_summary",
    "dismiss",
    "enqueue",
    "enqueue_for",
    "estimate",
    "find_by_key",
    "finish_attempt",
    "finish_attempts",
    "get",
    "has_history",
    "kinds_labelled",
    "labels",
    "latest",
    "live",
    "log",
    "model_loaded",
    "notifier",
    "on_cancel",
    "page",
    "postpone",
    "purge_old",
    "queue_status",
    "register",
    "reorder",
    "retry",
    "slowdown",
    "store_step",
    "typical_s",
    "with_old_keys",
    "workers",
]
