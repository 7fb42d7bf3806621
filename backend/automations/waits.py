"""Runs that wait, and waking them. A waiting run holds no worker; the scheduler looks at the state of what it waits for, so
nothing is lost when a message or a process is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import AutomationRun
from backend.db.transactions import notify_queue
from backend.jobs import JobContext

MAX_WAIT_S = 3600.0
"""How long a run sleeps at most before it looks again by itself."""
_WAKE = text(
    """UPDATE jobs j SET not_before = clock_timestamp() FROM automation_runs r
    WHERE r.waits_for <> '' AND j.tenant_id = r.tenant_id AND j.id = r.job_id AND j.state = 'pending'
      AND j.not_before > clock_timestamp() AND (
        r.wait_until <= studio_clock()
        OR (r.waits_for = 'jobs' AND NOT EXISTS (
          SELECT FROM jobs c WHERE c.tenant_id = r.tenant_id AND c.state IN ('pending', 'processing')
            AND c.id IN (SELECT jsonb_array_elements_text(r.waiting_ids))))
        OR (r.waits_for IN ('review', 'posts') AND NOT EXISTS (
          SELECT FROM posts p JOIN content_plans c ON c.tenant_id = p.tenant_id AND c.id = p.plan_id AND c.deleted_at IS NULL
          WHERE p.tenant_id = r.tenant_id AND p.plan_id IN (SELECT jsonb_array_elements_text(r.waiting_ids))
            AND p.state = ANY (
              CASE r.waits_for WHEN 'review' THEN ARRAY['in_review'] ELSE ARRAY['scheduled', 'publishing'] END))))
    RETURNING j.queue"""
)


def wake(tx: Session) -> int:
    """Lets runs go on whose wait is over. Returns how many. `tx` is a dispatch transaction."""
    queues = [row.queue for row in tx.execute(_WAKE)]
    for queue in set(queues):
        notify_queue(tx, queue)
    return len(queues)


def wait_for(ctx: JobContext, run_id: str, waits_for: str, ids: Sequence[str], until: datetime) -> None:
    """Notes what the run waits for and ends the attempt. Raises jobs.WaitUntil, always."""
    with ctx.transaction() as tx:
        values = {"waits_for": waits_for, "waiting_ids": list(ids), "wait_until": until}
        tx.execute(update(AutomationRun).where(AutomationRun.id == run_id).values(**values))
        left_s = (until - tx.scalars(select(func.studio_clock())).one()).total_seconds()
    raise jobs.WaitUntil(min(max(left_s, 0.0), MAX_WAIT_S))


def stop_waiting(tx: Session, run_id: str) -> None:
    values: dict[str, Any] = {"waits_for": "", "waiting_ids": [], "wait_until": None}
    tx.execute(update(AutomationRun).where(AutomationRun.id == run_id, AutomationRun.waits_for != "").values(**values))
