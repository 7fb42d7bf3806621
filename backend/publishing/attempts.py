"""Rows of a publishing attempt: the post while a job publishes it, and its row in `post_attempts`.

Every write has a condition on the post's `job_id`, so a job that lost the post to another one raises Conflict instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.content_plans import ownership as posts
from backend.db.tables import Post, PostAttempt, PostState
from backend.errors import Conflict, Invalid
from backend.jobs import JobContext
from backend.kit.ids import new_id
from backend.kit.secrets import KeyRing
from backend.language import joined, tr_lazy
from backend.platforms.errors import RateLimitedByPlatform
from backend.platforms.port import Published
from backend.publishing.decisions import Decision
from backend.settings import Settings

S = PostState
OUTCOMES = {
    S.PUBLISHED: "published",
    S.FAILED: "failed",
    S.UNKNOWN: "unknown",
    S.SCHEDULED: "released",
    S.ON_HOLD: "held",
    S.MISSED: "missed",
}
NOT_THIS_JOB = tr_lazy("This job has nothing of this post left to send. Open it on the calendar to see its state.")


@dataclass
class PublishAttempt:
    """A post and the state of its current attempt. `phase`: of the post's row. `new`: this job has just begun the attempt.

    `outcome`: how the attempt ended, "" while it runs. Set from the start when an earlier worker of this job ended it and died.
    """

    id: str
    post: posts.PostCard
    phase: str
    handle: dict[str, Any] | None = field(repr=False)
    submitted_at: datetime | None
    new: bool
    outcome: str
    message: str
    sent: dict[str, Any]
    began_at: datetime


def begin_attempt(ctx: JobContext, post_id: str) -> PublishAttempt:
    """Begins the attempt of this job, or takes it up again after a crash. Raises Conflict when the post is not this job's."""
    with ctx.transaction() as tx:
        row = tx.scalars(select(Post).where(Post.id == post_id).with_for_update()).one_or_none()
        attempt = tx.scalars(
            select(PostAttempt).where(PostAttempt.post_id == post_id, PostAttempt.job_id == ctx.job_id)
        ).first()
        if row is None or (attempt is None and (row.job_id != ctx.job_id or row.state != S.PUBLISHING)):
            raise Conflict(NOT_THIS_JOB)
        new = attempt is None
        if attempt is None:
            attempt = _insert_attempt(tx, row, ctx.job_id)
        if attempt.outcome == "running" and (row.job_id != ctx.job_id or row.state != S.PUBLISHING):
            raise Conflict(NOT_THIS_JOB)
        handle = _open_handle(row, ctx.app.settings)
        if handle is None and row.phase == "ready":
            row.phase = "preparing"
        tx.flush()
        return PublishAttempt(
            id=attempt.id,
            post=posts.get_post(tx, post_id),
            phase=row.phase,
            handle=handle,
            submitted_at=row.submitted_at,
            new=new,
            outcome="" if attempt.outcome == "running" else attempt.outcome,
            message=attempt.said,
            sent=dict(attempt.sent),
            began_at=attempt.created_at,
        )


def _insert_attempt(tx: Session, row: Post, job_id: str) -> PostAttempt:
    last_attempt = tx.scalars(
        select(PostAttempt).where(PostAttempt.post_id == row.id).order_by(PostAttempt.n.desc()).limit(1)
    ).first()
    # a prepared post is sent as it was prepared, so what was recorded about it then is carried over
    last_sent = last_attempt.sent if last_attempt and row.handle else {}
    sent: dict[str, Any] = {name: last_sent[name] for name in ("ai_made", "said") if name in last_sent}
    attempt = PostAttempt(
        id=new_id("try"), post_id=row.id, n=last_attempt.n + 1 if last_attempt else 1, outcome="running", job_id=job_id
    )
    attempt.tenant_id, attempt.phase, attempt.sent, attempt.said, attempt.detail, attempt.code = (
        row.tenant_id,
        row.phase,
        sent,
        "",
        "",
        "",
    )
    tx.add(attempt)
    tx.flush()
    tx.refresh(attempt)
    return attempt


def save_handle(ctx: JobContext, attempt: PublishAttempt, handle: dict[str, Any] | None) -> None:
    """Stores the platform's handle, committed when this returns. Encrypted, because upload URLs give access to the account."""
    update_post(ctx, attempt, handle=seal_handle(handle, ctx.app.settings, tenant_id=ctx.tenant_id, post_id=attempt.post.id))
    attempt.handle = handle


def set_phase(ctx: JobContext, attempt: PublishAttempt, phase: str, **values: Any) -> None:
    """Stores the phase, committed when this returns."""
    update_post(ctx, attempt, phase=phase, **values)
    attempt.phase = phase
    attempt.submitted_at = values.get("submitted_at", attempt.submitted_at)


def mark_submitting(ctx: JobContext, attempt: PublishAttempt, *, already_made: bool = False) -> str:
    """Commits that the irreversible call is about to be made (`already_made`: was made, and only its result is asked for).

    If a stop switch is on, nothing is written and its scope is returned; else "".
    """
    with ctx.transaction() as tx:
        if not already_made and (switch := active_stop_switch(tx, attempt.post)):
            return switch
        at: datetime = tx.scalars(select(func.clock_timestamp())).one()
        _update_post(tx, ctx, attempt, phase="submitting", submitted_at=at)
    attempt.phase, attempt.submitted_at = "submitting", at
    return ""


def active_stop_switch(tx: Session, post: posts.PostCard) -> str:
    return posts.active_stop_switch(tx, posts.influencer_of(tx, post.plan_id))


def record_sent(ctx: JobContext, attempt: PublishAttempt, **sent: Any) -> None:
    """Adds to the record of what was sent, which people see in the log of attempts. `sent`: keys of the stored JSON."""
    attempt.sent |= sent
    with ctx.transaction() as tx:
        tx.execute(update(PostAttempt).where(PostAttempt.id == attempt.id).values(sent=attempt.sent))


def age_s(ctx: JobContext, since: datetime | None) -> float:
    """Seconds since `since` by Postgres's clock, which wrote it too; 0 for None."""
    if since is None:
        return 0.0
    with ctx.transaction() as tx:
        now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    return max(0.0, (now - since).total_seconds())


class RemoteIdTaken(Exception):
    """The platform answered with a post id that another post of the channel has already."""


def mark_published(ctx: JobContext, attempt: PublishAttempt, published: Published, *, comment: bool) -> None:
    """Marks the post as published. `comment`: a first comment follows. Raises RemoteIdTaken; nothing is written then."""
    values: dict[str, Any] = {"remote_id": published.remote_id, "url": published.url, "published_at": func.clock_timestamp()}
    values |= {"error": "", "error_code": "", "phase": "", "not_before": None}
    handle = {**published.handle, "exact": published.exact} if comment else None
    values["handle"] = seal_handle(handle, ctx.app.settings, tenant_id=ctx.tenant_id, post_id=attempt.post.id)
    sent = attempt.sent | ({"comment": {"state": "waiting"}} if comment else {})
    sent |= {} if published.exact else {"container": published.handle.get("container", "")}
    try:
        with ctx.transaction() as tx:
            _finish(tx, ctx, attempt, S.PUBLISHED, values, {"sent": sent})
    except IntegrityError as error:
        if "uq_posts_remote" in str(error.orig):
            raise RemoteIdTaken(published.remote_id) from error
        raise
    attempt.sent = sent
    attempt.outcome, attempt.handle = "published", handle
    attempt.post = replace(attempt.post, remote_id=published.remote_id, url=published.url)


def end_attempt(ctx: JobContext, attempt: PublishAttempt, decision: Decision) -> Decision:
    """Writes how the attempt ended, on the post and on the attempt's row in one transaction.

    Returns the decision with its final message.
    """
    message = decision.message
    with ctx.transaction() as tx:
        values: dict[str, Any] = {"error_code": decision.code, "phase": _phase_after(attempt, decision.phase)}
        values["tries"] = Post.tries + (1 if decision.counted else 0)
        if decision.state is not S.UNKNOWN:
            values["submitted_at"] = None
        if decision.forget:
            values["handle"] = None
        if decision.state is S.SCHEDULED:
            next_try_at: datetime = tx.scalars(select(func.clock_timestamp())).one() + timedelta(seconds=decision.delay_s)
            values["not_before"] = next_try_at
            if decision.code == RateLimitedByPlatform.code:
                next_time = posts.local_time_text(tx, attempt.post.plan_id, next_try_at)
                message = joined(message, tr_lazy("Next try: {time}.", time=next_time))
        _finish(
            tx,
            ctx,
            attempt,
            decision.state,
            {**values, "error": message},
            {"code": decision.code, "said": message, "detail": decision.detail},
        )
    return replace(decision, message=message)


def hold_post(ctx: JobContext, attempt: PublishAttempt, *, held_by: str, message: str) -> None:
    """Puts the post on hold and keeps what was prepared; nothing was published.

    `held_by`: `person`, `workspace`, or the influencer's id.
    """
    values = {"held_from": S.SCHEDULED, "held_by": held_by, "phase": _phase_after(attempt, "ready"), "submitted_at": None}
    with ctx.transaction() as tx:
        _finish(tx, ctx, attempt, S.ON_HOLD, {**values, "error": "", "error_code": ""}, {"code": "held", "said": message})


def _phase_after(attempt: PublishAttempt, phase: str) -> str:
    """The phase that the next attempt begins with: `ready` only if everything was prepared."""
    return phase if phase != "ready" or attempt.phase in ("ready", "submitting") else ""


def update_post(ctx: JobContext, attempt: PublishAttempt, **values: Any) -> None:
    with ctx.transaction() as tx:
        _update_post(tx, ctx, attempt, **values)


def _update_post(tx: Session, ctx: JobContext, attempt: PublishAttempt, **values: Any) -> None:
    own_post = update(Post).where(Post.id == attempt.post.id, Post.state == S.PUBLISHING, Post.job_id == ctx.job_id)
    if tx.execute(own_post.values(**values, updated_at=func.clock_timestamp()).returning(Post.id)).first() is None:
        raise Conflict(NOT_THIS_JOB)
    if phase := values.get("phase"):
        tx.execute(update(PostAttempt).where(PostAttempt.id == attempt.id).values(phase=phase))


def _finish(
    tx: Session,
    ctx: JobContext,
    attempt: PublishAttempt,
    state: PostState,
    values: dict[str, Any],
    attempt_values: dict[str, Any],
) -> None:
    if posts.move(tx, attempt.post.id, S.PUBLISHING, state, Post.job_id == ctx.job_id, **values) is None:
        raise Conflict(NOT_THIS_JOB)
    ended = update(PostAttempt).where(PostAttempt.id == attempt.id)
    tx.execute(ended.values(**attempt_values, outcome=OUTCOMES[state], ended_at=func.clock_timestamp()))


def seal_handle(handle: dict[str, Any] | None, settings: Settings, *, tenant_id: str, post_id: str) -> bytes | None:
    if handle is None:
        return None
    return KeyRing(settings.secret_keys.get_secret_value()).seal(json.dumps(handle), tenant_id=tenant_id, row_id=post_id)


def _open_handle(row: Post, settings: Settings) -> dict[str, Any] | None:
    """The decrypted handle. None also when no key fits any more: the post is then prepared again, and after a submission the
    platform cannot be asked about it."""
    if row.handle is None:
        return None
    try:
        opened = KeyRing(settings.secret_keys.get_secret_value()).open(row.handle, tenant_id=row.tenant_id, row_id=row.id)
    except Invalid:
        return None
    handle: dict[str, Any] = json.loads(opened)
    return handle
