"""A job context without a worker: the job exists, is processing, and belongs to an attempt of the test."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel
from sqlalchemy import func, update

from backend import jobs
from backend.db.tables import Attempt, Job, JobState
from backend.db.transactions import SystemCaller
from backend.jobs.claim import Claim
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from workers.context import Context
from workers.lease import Lease

if TYPE_CHECKING:
    from backend.app import App


def make_context(
    app: App,
    tenant: Tenant,
    kind: str,
    payload: BaseModel,
    *,
    job_id: str = "",
    subject: tuple[str, str] = ("", ""),
    workdir: Path | None = None,
    device: str = "",
) -> Context:
    """A Context for a new job, or for the pending job `job_id`. `app` may have either login.

    `context.cancel_requested = True` is what a person's cancel does, `context.lost = True` a lost lease,
    `context.lease.stopping.set()` an orderly shutdown: the next `check()` raises. `next_attempt(context)` is a retry after a
    crash: same job, same remembered steps.
    """
    with app.db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        if not job_id:
            card = jobs.enqueue(tx, kind=kind, payload=payload, title=kind, request_key=new_id("key"), subject=subject)
            job_id = card.id
    return _attempt(app, tenant.id, tenant.user_id, job_id, workdir or Path(tempfile.mkdtemp(prefix="job-")), device)


def next_attempt(context: Context) -> Context:
    """The attempt after `context`'s worker died: `context` has lost its lease, its handle and steps are carried over."""
    fresh = Path(tempfile.mkdtemp(prefix="job-"))
    app, claim = context.app, context.claim
    return _attempt(app, claim.tenant_id, claim.user_id, claim.job_id, fresh, claim.device)


def _attempt(app: App, tenant_id: str, user_id: str, job_id: str, workdir: Path, device: str) -> Context:
    attempt_id = new_id("att")
    with app.db.transaction(SystemCaller(tenant_id, user_id)) as tx:
        job = tx.get_one(Job, job_id, with_for_update=True)
        last = tx.get(Attempt, job.attempt_id) if job.attempt_id else None
        tx.execute(
            update(Attempt)
            .where(Attempt.job_id == job_id, Attempt.ended_at.is_(None))
            .values(ended_at=func.clock_timestamp(), outcome="lost")
        )
        n, handle = (last.n + 1, last.handle) if last else (1, None)
        tx.add(Attempt(id=attempt_id, job_id=job_id, n=n, worker_id="test", handle=handle))
        job.state, job.attempt_id, job.started_at = JobState.PROCESSING, attempt_id, job.started_at or job.created_at
        claim = Claim(
            job_id=job_id,
            tenant_id=tenant_id,
            user_id=user_id,
            kind=job.kind,
            v=job.v,
            payload=job.payload,
            parent_id=job.parent_id,
            retries=job.retries,
            attempt_id=attempt_id,
            attempt_n=n,
            handle=handle,
            device=device,
        )
    workdir.mkdir(parents=True, exist_ok=True)
    return Context(app, claim, workdir=workdir, lease=Lease(3600.0))
