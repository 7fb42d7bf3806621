"""Recovers posts whose job ended without deciding what became of them, so that nothing stays in PUBLISHING for good.

`tx` is a dispatch transaction; several schedulers may run at once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from backend.content_plans import ownership as posts
from backend.db.tables import FINAL, Channel, ContentPlan, Job, JobState, Post, PostAttempt, PostState
from backend.language import joined, tr_lazy
from backend.publishing import claim
from backend.publishing.attempts import OUTCOMES
from backend.publishing.decisions import LOOK_AT_ACCOUNT, Decision, try_again
from backend.publishing.service import CANCELLED
from backend.settings import Settings

BATCH_SIZE = 200
MAX_ASKING_JOBS = 10
"""Jobs that may end without an answer to what became of one submission."""
JOB_BROKE_MESSAGE = tr_lazy("Something broke on our side while it was being sent; nothing is published.")
OUTCOME_LOST_MESSAGE = joined(
    tr_lazy("Its job ended {times} times before it could find out whether the post is published.", times=MAX_ASKING_JOBS),
    LOOK_AT_ACCOUNT,
)
S = PostState


def recover_orphans(tx: Session, settings: Settings) -> list[str]:
    """Recovers such posts and returns their ids.

    A post that was being submitted gets a new job, which asks the platform and never sends blindly; after MAX_ASKING_JOBS of
    them it is unknown. Any other post is not published: after a cancelled job it is put on hold, after a broken one scheduled
    again, and after too many tries failed.
    """
    job_ended = or_(Job.id.is_(None), Job.state.in_(FINAL))
    rows = tx.execute(
        select(
            Post.id,
            Post.tenant_id,
            Post.phase,
            Post.tries,
            Post.job_id,
            Post.submitted_at,
            Post.caption,
            ContentPlan.topic,
            Channel.name,
            Channel.platform,
            Job.state.label("job"),
            Job.error_message,
        )
        .join(ContentPlan, and_(ContentPlan.tenant_id == Post.tenant_id, ContentPlan.id == Post.plan_id))
        .join(Channel, and_(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id))
        .outerjoin(Job, and_(Job.tenant_id == Post.tenant_id, Job.id == Post.job_id))
        .where(posts.in_state(S.PUBLISHING), job_ended)
        .order_by(Post.id)
        .limit(BATCH_SIZE)
        .with_for_update(of=Post, skip_locked=True)
    ).all()
    for row in rows:
        _recover(tx, settings.publishing.retry_delays_s, row)
    return [row.id for row in rows]


def _recover(tx: Session, delays: Sequence[float], row: Any) -> None:
    cancelled = row.job == JobState.CANCELLED
    if row.phase == "submitting":
        _ask_again(tx, row, hold=cancelled)
    elif cancelled:
        values: dict[str, Any] = {"held_from": S.SCHEDULED, "held_by": "person", "submitted_at": None}
        _finish(tx, row, S.ON_HOLD, CANCELLED, "held", values)
    else:
        decision = Decision(S.SCHEDULED, row.error_message or JOB_BROKE_MESSAGE, "job_ended", phase="")
        decision = try_again(decision, tries=row.tries, delays=delays, spread=random.uniform(-1, 1))
        retry_at = func.clock_timestamp() + timedelta(seconds=decision.delay_s)
        values = {"tries": row.tries + 1, "not_before": retry_at if decision.state is S.SCHEDULED else None}
        _finish(tx, row, decision.state, decision.message, decision.code, values)


def _ask_again(tx: Session, row: Any, *, hold: bool) -> None:
    asking_jobs = (
        select(func.count())
        .select_from(PostAttempt)
        .where(
            PostAttempt.tenant_id == row.tenant_id,
            PostAttempt.post_id == row.id,
            PostAttempt.phase == "submitting",
            PostAttempt.created_at >= row.submitted_at - timedelta(hours=1),
        )
    )
    if (tx.scalar(asking_jobs) or 0) >= MAX_ASKING_JOBS:
        _finish(tx, row, S.UNKNOWN, OUTCOME_LOST_MESSAGE, "job_ended", {})
        return
    _end_attempt(tx, row, "released", "job_ended", tr_lazy("Its job ended; another one asks whether the post is published."))
    job_id = claim.start_job(tx, row.tenant_id, row.id, title=claim.job_title(row), hold=hold)
    tx.execute(update(Post).where(Post.id == row.id).values(job_id=job_id, updated_at=func.clock_timestamp()))


def _finish(tx: Session, row: Any, state: PostState, message: str, code: str, values: dict[str, Any]) -> None:
    error = {"error": message, "error_code": code} if state is not S.ON_HOLD else {"error": "", "error_code": ""}
    phase = {} if row.phase == "ready" else {"phase": ""}
    posts.move(tx, row.id, S.PUBLISHING, state, **values, **error, **phase)
    _end_attempt(tx, row, OUTCOMES[state], code, message)


def _end_attempt(tx: Session, row: Any, outcome: str, code: str, message: str) -> None:
    running = update(PostAttempt).where(
        PostAttempt.tenant_id == row.tenant_id, PostAttempt.post_id == row.id, PostAttempt.outcome == "running"
    )
    tx.execute(running.values(outcome=outcome, code=code, said=message, ended_at=func.clock_timestamp()))
