"""Starts a job for each due post, exactly once however many schedulers run. `tx` is a dispatch transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from backend import jobs
from backend.channels import PLATFORMS
from backend.content_plans import ownership as posts
from backend.db.tables import Channel, ContentPlan, Post, PostingRule, PostState
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.platforms.errors import TokenRefused
from backend.publishing.schemas import KIND, PRIORITY, AutopostPayload

BATCH_SIZE = 200
S = PostState
_IS_CONNECTED = and_(Channel.state == "connected", Channel.deleted_at.is_(None))
_CHANNEL_WAITS = "channel_waits"
"""Error code of a post that is due while its channel is not connected."""
_ALREADY_EXPLAINED = (_CHANNEL_WAITS, TokenRefused.code)
"""Error codes that already say so."""


def claim_due(tx: Session) -> int:
    """Starts jobs for posts that are due, at most 48 hours late and not held back. Returns how many.

    Posts whose stop switch was turned on in the moment they were scheduled are put on hold here. A post whose channel is not
    connected gets an error and is published once the channel is connected again, unless it is too late by then.
    """
    _explain_disconnected(tx)
    rows = tx.execute(
        select(
            Post.id,
            Post.tenant_id,
            Post.plan_id,
            Post.due_at,
            Post.caption,
            ContentPlan.wall,
            ContentPlan.zone,
            ContentPlan.topic,
            ContentPlan.due_at.label("plan_at"),
            Channel.name,
            Channel.platform,
            _stop_switch().label("switch"),
        )
        .join(ContentPlan, and_(ContentPlan.tenant_id == Post.tenant_id, ContentPlan.id == Post.plan_id))
        .join(Channel, and_(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id))
        .where(*_due_conditions(), ContentPlan.deleted_at.is_(None), _IS_CONNECTED)
        .order_by(Post.due_at, Post.id)
        .limit(BATCH_SIZE)
        .with_for_update(of=Post, skip_locked=True)
    ).all()
    return sum(_claim(tx, row) for row in rows)


def _due_conditions() -> tuple[ColumnElement[bool], ...]:
    """statement_timestamp(), because it is stable: with the volatile clock_timestamp() Postgres cannot use it as the bound of
    an index scan and reads the whole index."""
    now = func.statement_timestamp()
    return (
        posts.in_state(S.SCHEDULED),
        Post.due_at <= now,
        Post.due_at > now - posts.MISSED_AFTER,
        or_(Post.not_before.is_(None), Post.not_before <= now),
    )


def _stop_switch() -> ColumnElement[Any]:
    """Scope of the stop switch that is on for the post's influencer, the workspace's first; null: none."""
    scopes = select(PostingRule.scope).where(
        PostingRule.tenant_id == Post.tenant_id,
        PostingRule.stopped_at.is_not(None),
        PostingRule.scope.in_([literal(posts.WORKSPACE), ContentPlan.influencer_id]),
    )
    first = case((PostingRule.scope == posts.WORKSPACE, 0), else_=1)
    return scopes.order_by(first).limit(1).correlate(Post, ContentPlan).scalar_subquery()


def _claim(tx: Session, row: Any) -> bool:
    if row.switch:
        posts.move(tx, row.id, S.SCHEDULED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=row.switch)
        return False
    if not _is_still_due(tx, row):
        return False
    assign_to_job(tx, row.id, start_job(tx, row.tenant_id, row.id, title=job_title(row)))
    return True


def assign_to_job(tx: Session, post_id: str, job_id: str) -> None:
    """Moves a scheduled post, whose row `tx` has locked, to PUBLISHING under this job."""
    phase = case((and_(Post.phase == "ready", Post.handle.is_not(None)), "ready"), else_="preparing")
    values = {"job_id": job_id, "phase": phase, "not_before": None, "submitted_at": None, "error": "", "error_code": ""}
    moved = posts.move(tx, post_id, S.SCHEDULED, S.PUBLISHING, **values)
    assert moved is not None, "its row is locked"


def start_job(tx: Session, tenant_id: str, post_id: str, *, title: str, hold: bool = False) -> str:
    """Enqueues a publishing job; returns its id. `hold`: see AutopostPayload."""
    payload = AutopostPayload(post_id=post_id, hold=hold)
    job: dict[str, Any] = {"kind": KIND, "payload": payload, "title": title, "subject": ("post", post_id)}
    return jobs.enqueue_for(tx, tenant_id, **job, priority=PRIORITY)


def job_title(row: Any) -> str:
    """`row`: topic, caption, and the channel's name and platform."""
    about = " ".join((row.topic or row.caption).split())[:60] or tr_lazy("a post")
    return tr_lazy(
        "Publish “{title}” on {channel} · {platform}", title=about, channel=row.name, platform=PLATFORMS[row.platform]
    )


def _is_still_due(tx: Session, row: Any) -> bool:
    """Whether the post is due by today's time zone rules; if they changed since `due_at` was computed, it is corrected."""
    if row.wall is None or row.plan_at is None:
        return True
    try:
        at = posts.to_instant(row.wall, row.zone).at
    except Invalid:
        return True
    if at == row.plan_at:
        return True
    posts_of_plan = (Post.tenant_id == row.tenant_id, Post.plan_id == row.plan_id)
    tx.execute(update(Post).where(*posts_of_plan).values(due_at=Post.due_at + (at - row.plan_at)))
    plan = update(ContentPlan).where(ContentPlan.tenant_id == row.tenant_id, ContentPlan.id == row.plan_id)
    tx.execute(plan.values(due_at=at))
    now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    due: datetime = row.due_at + (at - row.plan_at)
    return due <= now


def _explain_disconnected(tx: Session) -> None:
    """Writes an error on due posts whose channel is not connected, once a post."""
    channel_disconnected = exists().where(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id, ~_IS_CONNECTED)
    post_ids = select(Post.id).where(*_due_conditions(), Post.error_code.not_in(_ALREADY_EXPLAINED), channel_disconnected)
    ids = tx.scalars(post_ids.order_by(Post.due_at).limit(BATCH_SIZE).with_for_update(of=Post, skip_locked=True)).all()
    if ids:
        message = tr_lazy(
            "Its time has come, but its channel is not connected. It goes out as soon as the channel is, "
            "within 48 hours of its time."
        )
        values = {"error_code": _CHANNEL_WAITS, "error": message, "updated_at": func.clock_timestamp()}
        tx.execute(update(Post).where(Post.id.in_(ids)).values(**values))
