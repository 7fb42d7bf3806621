"""Work that outlives a click: asked for once, done by whichever worker is free, never lost, never visibly done twice."""

from backend.jobs.bell import bell
from backend.jobs.cleanup import forget_old
from backend.jobs.context import Handler, JobContext, Waiting
from backend.jobs.kinds import KINDS, KindSpec, register
from backend.jobs.queries import children, counts, get, latest, log, once, page, workers
from backend.jobs.schemas import JobCard, JobPage, LogLine, WorkerCard
from backend.jobs.service import cancel, enqueue, retry
from backend.jobs.settle import AttemptRef, settle

__all__ = [
    "KINDS", "AttemptRef", "Handler", "JobCard", "JobContext", "JobPage", "KindSpec", "LogLine", "Waiting",
    "WorkerCard", "bell", "cancel", "children", "counts", "enqueue", "forget_old", "get", "latest", "log", "once", "page",
    "register", "retry", "settle", "workers",
]  # fmt: skip
