"""Cancelling a waiting publishing job puts its post on hold, unless the post may be published already."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.content_plans import ownership as posts
from backend.db.tables import Post, PostAttempt, PostState
from backend.publishing.schemas import KIND

CANCELLED = "Its job was cancelled before anything went out. Release it to send it."
S = PostState


def hold_post(tx: Session, post_id: str) -> None:
    """A post that is being submitted stays as it is: the scheduler starts a job that asks the platform what became of it."""
    phase = tx.scalar(select(Post.phase).where(Post.id == post_id, Post.state == S.PUBLISHING).with_for_update())
    if phase is None or phase == "submitting":
        return
    posts.move(tx, post_id, S.PUBLISHING, S.ON_HOLD, held_from=S.SCHEDULED, held_by="person")
    running = update(PostAttempt).where(PostAttempt.post_id == post_id, PostAttempt.outcome == "running")
    tx.execute(running.values(outcome="held", said=CANCELLED, code="held", ended_at=func.clock_timestamp()))


jobs.on_cancel(KIND, hold_post)
