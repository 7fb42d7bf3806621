"""Posts whose job has ended without saying what became of them: nothing stays in publishing for good.

`tx` is a dispatch transaction; any number of ticks may run.
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
from backend.publishing import claim
from backend.publishing.attempts import OUTCOMES
from backend.publishing.decisions import LOOK, Decision, again
from backend.publishing.pause import CANCELLED
from backend.settings import Settings

AT_ONCE = 200
ASKERS = 10
"""Jobs that may die over the question what became of one call."""
BROKEN = "Something broke on our side while it was being sent; nothing of it is out."
LOST = f"Its job ended {ASKERS} times before it could find out what became of the post. {LOOK}"
S = PostState


def recover_orphans(tx: Session, settings: Settings) -> list[str]:
    """Puts them right. Returns their ids.

    Submitting: a new job asks (never sends blindly); 10 such jobs later it is unknown. Else nothing is out: its job was
    cancelled by a person: on hold; it broke: scheduled again, after too many tries failed.
    """
    ended = or_(Job.id.is_(None), Job.state.in_(FINAL))
    rows = tx.execute(
        select(Post.id, Post.tenant_id, Post.phase, Post.tries, Post.job_id, Post.submitted_at, Post.caption, ContentPlan.topic,
               Channel.name, Channel.platform, Job.state.label("job"), Job.error_message)
        .join(ContentPlan, and_(ContentPlan.tenant_id == Post.tenant_id, ContentPlan.id == Post.plan_id))
        .join(Channel, and_(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id))
        .outerjoin(Job, and_(Job.tenant_id == Post.tenant_id, Job.id == Post.job_id))
        .where(posts.in_state(S.PUBLISHING), ended)
        .order_by(Post.id)
        .limit(AT_ONCE)
        .with_for_update(of=Post, skip_locked=True)
    ).all()  # fmt: skip
    for row in rows:
        _put_right(tx, settings.post_retry_delays_s, row)
    return [row.id for row in rows]


def _put_right(tx: Session, delays: Sequence[float], row: Any) -> None:
    cancelled = row.job == JobState.CANCELLED
    if row.phase == "submitting":
        _asked_anew(tx, row, hold=cancelled)
    elif cancelled:
        values: dict[str, Any] = {"held_from": S.SCHEDULED, "held_by": "person", "submitted_at": None}
        _end(tx, row, S.ON_HOLD, CANCELLED, "held", values)
    else:
        told = Decision(S.SCHEDULED, row.error_message or BROKEN, "job_ended", phase="")
        verdict = again(told, tries=row.tries, delays=delays, spread=random.uniform(-1, 1))
        later = func.clock_timestamp() + timedelta(seconds=verdict.delay_s)
        values = {"tries": row.tries + 1, "not_before": later if verdict.state is S.SCHEDULED else None}
        _end(tx, row, verdict.state, verdict.said, verdict.code, values)


def _asked_anew(tx: Session, row: Any, *, hold: bool) -> None:
    tried = select(func.count()).select_from(PostAttempt).where(
        PostAttempt.tenant_id == row.tenant_id, PostAttempt.post_id == row.id, PostAttempt.phase == "submitting",
        PostAttempt.created_at >= row.submitted_at - timedelta(hours=1),
    )  # fmt: skip
    if (tx.scalar(tried) or 0) >= ASKERS:
        _end(tx, row, S.UNKNOWN, LOST, "job_ended", {})
        return
    _close(tx, row, "released", "job_ended", "Its job ended; another one asks what became of the post.")
    job_id = claim.start(tx, row.tenant_id, row.id, title=claim.title(row), hold=hold)
    tx.execute(update(Post).where(Post.id == row.id).values(job_id=job_id, updated_at=func.clock_timestamp()))


def _end(tx: Session, row: Any, state: PostState, said: str, code: str, values: dict[str, Any]) -> None:
    told = {"error": said, "error_code": code} if state is not S.ON_HOLD else {"error": "", "error_code": ""}
    phase = {} if row.phase == "ready" else {"phase": ""}
    posts.move(tx, row.id, S.PUBLISHING, state, **values, **told, **phase)
    _close(tx, row, OUTCOMES[state], code, said)


def _close(tx: Session, row: Any, outcome: str, code: str, said: str) -> None:
    open = update(PostAttempt).where(
        PostAttempt.tenant_id == row.tenant_id, PostAttempt.post_id == row.id, PostAttempt.outcome == "running"
    )
    tx.execute(open.values(outcome=outcome, code=code, said=said, ended_at=func.clock_timestamp()))
