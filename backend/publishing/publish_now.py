"""Publish now: what somebody wants out this minute is given to its jobs at once, by the rules of any schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend import jobs
from backend.content_plans import NOT_SAID, Shown, get, get_post, ready_now
from backend.errors import Conflict
from backend.jobs import JobCard
from backend.publishing import claim
from backend.publishing.schemas import KIND, PRIORITY, AutopostPayload


@dataclass(frozen=True, slots=True)
class _Named:
    """What a job's title says."""

    topic: str
    caption: str
    name: str
    platform: str


def send_now(
    tx: Session, plan_id: str = "", *, post_id: str = "", request_key: str, approve: bool = False, shown: Shown = NOT_SAID
) -> list[JobCard]:
    """The plan's posts that are not out yet, or the one post, each with a job of its own; the first answers to `request_key`.

    The same key returns the first job again and starts nothing. `approve`: with the approval of who asks.
    Raises NotFound, Invalid and Conflict as `posts.ready_now`: nothing is sent then, not even what could be.
    """
    if first := jobs.find_by_key(tx, request_key):
        if first.kind != KIND:
            raise Conflict("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
        return [first]
    plan = get(tx, plan_id or get_post(tx, post_id).plan_id)
    started = []
    for n, post in enumerate(ready_now(tx, plan.id, post_id, approve=approve, shown=shown)):
        named = _Named(plan.topic, post.caption, post.channel_name, post.platform)
        key = f"{request_key}/{post.id}" if n else request_key
        payload = AutopostPayload(post_id=post.id)
        about: dict[str, Any] = {"title": claim.title(named), "subject": ("post", post.id), "priority": PRIORITY}
        job = jobs.enqueue(tx, kind=KIND, payload=payload, request_key=key, **about)
        claim.give(tx, post.id, job.id)
        started.append(job)
    return started
