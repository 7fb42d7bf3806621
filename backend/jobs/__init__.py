"""Work that outlives a click: asked for once, done by whichever worker is free, never lost, never visibly done twice."""

from backend.jobs.bell import bell
from backend.jobs.cleanup import forget_old
from backend.jobs.context import Handler, JobContext, Waiting
from backend.jobs.kinds import KINDS, KindSpec, register
from backend.jobs.order import reorder
from backend.jobs.queries import children, counts, get, latest, log, once, page, workers
from backend.jobs.schedules import start_for
from backend.jobs.schemas import JobCard, JobPage, LogLine, WorkerCard
from backend.jobs.service import cancel, dismiss, enqueue, postpone, retry, when_cancelled
from backend.jobs.settle import AttemptRef, Ended, settle, settle_all
from backend.jobs.waiting import Cards, InLine, cards, line, typical_s

__all__ = [
    "KINDS", "AttemptRef", "Cards", "Ended", "Handler", "InLine", "JobCard", "JobContext", "JobPage", "KindSpec", "LogLine",
    "Waiting", "WorkerCard", "bell", "cancel", "cards", "children", "counts", "dismiss", "enqueue", "forget_old", "get",
    "latest", "line", "log", "once", "page", "postpone", "register", "reorder", "retry", "settle", "settle_all", "start_for",
    "typical_s", "when_cancelled", "workers",
]  # fmt: skip
