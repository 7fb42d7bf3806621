"""What is due becomes a job: once, whoever else looks at the same moment. `tx` is a dispatch transaction."""

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
from backend.platforms.errors import TokenRefused
from backend.publishing.schemas import KIND, PRIORITY, AutopostPayload

AT_ONCE = 200
S = PostState
_OPEN = and_(Channel.state == "connected", Channel.deleted_at.is_(None))
_WAITS = "channel_waits"
"""Code of a post that is due while its channel is not connected."""
_SAID = (_WAITS, TokenRefused.code)
"""Nothing to add: it says so already."""


def claim_due(tx: Session) -> int:
    """Posts whose time has come, not longer than 48 hours ago, and that nothing keeps back. Returns how many jobs it started.

    A stop switch that went on in the moment they were scheduled holds them now. Without a connected channel a post says so
    and goes out when the channel is back, as long as that is not too late.
    """
    _say_closed(tx)
    rows = tx.execute(
        select(Post.id, Post.tenant_id, Post.plan_id, Post.due_at, Post.caption, ContentPlan.wall, ContentPlan.zone,
               ContentPlan.topic, ContentPlan.due_at.label("plan_at"), Channel.name, Channel.platform,
               _switch().label("switch"))
        .join(ContentPlan, and_(ContentPlan.tenant_id == Post.tenant_id, ContentPlan.id == Post.plan_id))
        .join(Channel, and_(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id))
        .where(*_due(), ContentPlan.deleted_at.is_(None), _OPEN)
        .order_by(Post.due_at, Post.id)
        .limit(AT_ONCE)
        .with_for_update(of=Post, skip_locked=True)
    ).all()  # fmt: skip
    return sum(_claimed(tx, row) for row in rows)


def _due() -> tuple[ColumnElement[bool], ...]:
    """An index is read up to `now` only if that stands still while it is read: clock_timestamp() would have all of it read."""
    now = func.statement_timestamp()
    return (
        posts.in_state(S.SCHEDULED), Post.due_at <= now, Post.due_at > now - posts.MISSED_AFTER,
        or_(Post.not_before.is_(None), Post.not_before <= now),
    )  # fmt: skip


def _switch() -> ColumnElement[Any]:
    """The stop switch that is on for the post's influencer, the workspace's first; null: none."""
    rule = select(PostingRule.scope).where(
        PostingRule.tenant_id == Post.tenant_id, PostingRule.stopped_at.is_not(None),
        PostingRule.scope.in_([literal(posts.WORKSPACE), ContentPlan.influencer_id]),
    )  # fmt: skip
    first = case((PostingRule.scope == posts.WORKSPACE, 0), else_=1)
    return rule.order_by(first).limit(1).correlate(Post, ContentPlan).scalar_subquery()


def _claimed(tx: Session, row: Any) -> bool:
    if row.switch:
        posts.move(tx, row.id, S.SCHEDULED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=row.switch)
        return False
    if not _still_due(tx, row):
        return False
    give(tx, row.id, start(tx, row.tenant_id, row.id, title=title(row)))
    return True


def give(tx: Session, post_id: str, job_id: str) -> None:
    """A scheduled post, locked by `tx`, to the job that sends it."""
    begun = case((and_(Post.phase == "ready", Post.handle.is_not(None)), "ready"), else_="preparing")
    values = {"job_id": job_id, "phase": begun, "not_before": None, "submitted_at": None, "error": "", "error_code": ""}
    moved = posts.move(tx, post_id, S.SCHEDULED, S.PUBLISHING, **values)
    assert moved is not None, "its row is locked"


def start(tx: Session, tenant_id: str, post_id: str, *, title: str, hold: bool = False) -> str:
    """The job's id."""
    payload = AutopostPayload(post_id=post_id, hold=hold)
    ours: dict[str, Any] = {"kind": KIND, "payload": payload, "title": title, "subject": ("post", post_id)}
    return jobs.enqueue_for(tx, tenant_id, **ours, priority=PRIORITY)


def title(row: Any) -> str:
    """`row`: topic, caption, and the channel's name and platform."""
    about = " ".join((row.topic or row.caption).split())[:60] or "a post"
    return f"Publish “{about}” on {row.name} · {PLATFORMS[row.platform]}"


def _still_due(tx: Session, row: Any) -> bool:
    """The clock of its zone says so too: rules may have changed since the instant was derived."""
    if row.wall is None or row.plan_at is None:
        return True
    try:
        at = posts.instant(row.wall, row.zone).at
    except Invalid:
        return True
    if at == row.plan_at:
        return True
    mine = (Post.tenant_id == row.tenant_id, Post.plan_id == row.plan_id)
    tx.execute(update(Post).where(*mine).values(due_at=Post.due_at + (at - row.plan_at)))
    plan = update(ContentPlan).where(ContentPlan.tenant_id == row.tenant_id, ContentPlan.id == row.plan_id)
    tx.execute(plan.values(due_at=at))
    now: datetime = tx.scalars(select(func.clock_timestamp())).one()
    due: datetime = row.due_at + (at - row.plan_at)
    return due <= now


def _say_closed(tx: Session) -> None:
    """Once for each post."""
    closed = exists().where(Channel.tenant_id == Post.tenant_id, Channel.id == Post.channel_id, ~_OPEN)
    waiting = select(Post.id).where(*_due(), Post.error_code.not_in(_SAID), closed)
    ids = tx.scalars(waiting.order_by(Post.due_at).limit(AT_ONCE).with_for_update(of=Post, skip_locked=True)).all()
    if ids:
        said = (
            "Its time has come, but its channel is not connected. It goes out as soon as the channel is, "
            "within 48 hours of its time."
        )
        waits = {"error_code": _WAITS, "error": said, "updated_at": func.clock_timestamp()}
        tx.execute(update(Post).where(Post.id.in_(ids)).values(**waits))
