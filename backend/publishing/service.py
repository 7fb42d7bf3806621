"""The verbs of publishing: publish now, by the same rules as scheduled posts, and what cancelling a publishing job does to its
post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.content_plans import ANY_VERSION, ExpectedPlans, get, get_post, schedule_now
from backend.content_plans import ownership as posts
from backend.db.tables import Post, PostAttempt, PostState
from backend.errors import Conflict
from backend.jobs import JobCard
from backend.language import tr_lazy
from backend.publishing import claim
from backend.publishing.schemas import KIND, PRIORITY, AutopostPayload

CANCELLED = tr_lazy("Its job was cancelled before anything went out. Schedule it again to send it.")
S = PostState


@dataclass(frozen=True, slots=True)
class _TitleParts:
    """What `claim.job_title` needs."""

    topic: str
    caption: str
    name: str
    platform: str


def send_now(
    tx: Session,
    plan_id: str = "",
    *,
    post_id: str = "",
    request_key: str,
    approve: bool = False,
    expected: ExpectedPlans = ANY_VERSION,
) -> list[JobCard]:
    """Starts a job for each unpublished post of the plan, or for the one post; the first job has `request_key`.

    The same key returns the first job again and starts nothing. `approve`: in the caller's name.
    Raises NotFound, Invalid and Conflict as `content_plans.schedule_now`; no post is sent then.
    """
    if first := jobs.find_by_key(tx, request_key):
        if first.kind != KIND:
            raise Conflict(
                tr_lazy("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
            )
        return [first]
    plan = get(tx, plan_id or get_post(tx, post_id).plan_id)
    started = []
    for n, post in enumerate(schedule_now(tx, plan.id, post_id, approve=approve, expected=expected)):
        title_parts = _TitleParts(plan.topic, post.caption, post.channel_name, post.platform)
        key = f"{request_key}/{post.id}" if n else request_key
        payload = AutopostPayload(post_id=post.id)
        job_fields: dict[str, Any] = {"title": claim.job_title(title_parts), "subject": ("post", post.id), "priority": PRIORITY}
        job = jobs.enqueue(tx, kind=KIND, payload=payload, request_key=key, **job_fields)
        claim.assign_to_job(tx, post.id, job.id)
        started.append(job)
    return started


def hold_post(tx: Session, post_id: str) -> None:
    """A post that is being submitted stays as it is: the scheduler starts a job that asks the platform what became of it."""
    phase = tx.scalar(select(Post.phase).where(Post.id == post_id, Post.state == S.PUBLISHING).with_for_update())
    if phase is None or phase == "submitting":
        return
    posts.move(tx, post_id, S.PUBLISHING, S.ON_HOLD, held_from=S.SCHEDULED, held_by="person")
    running = update(PostAttempt).where(PostAttempt.post_id == post_id, PostAttempt.outcome == "running")
    tx.execute(running.values(outcome="held", said=CANCELLED, code="held", ended_at=func.clock_timestamp()))


jobs.on_cancel(KIND, hold_post)
