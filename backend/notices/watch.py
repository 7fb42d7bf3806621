"""What nobody does, and people are told of all the same: a week is over, a disk is nearly full. Both become events."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import accounts, events
from backend.db.tables import Job, JobState, LlmCall, Membership, NoticeFeed, Post, PostState
from backend.db.transactions import Anonymous, SystemCaller
from backend.kit import disk
from backend.language import joined, stored, tr_lazy, tr_lazy_plural
from backend.notices.clock import database_now
from backend.notices.rules import report_time, week_before

if TYPE_CHECKING:
    from backend.app import App

LOW_DISK_BYTES = 2 * 1024**3
"""As the page System has it."""
_UNREPORTED = text(
    "SELECT w.id FROM workspaces w LEFT JOIN notice_feeds f ON f.tenant_id = w.id "
    "WHERE coalesce(f.reported_week, '') < :week AND w.created_at < :since"
)


def report_week(app: App) -> int:
    """Records an event for each workspace whose last week has not been reported yet, from Monday 6:00 UTC on; none for a week
    in which nothing happened. Returns how many workspaces were looked at. Any number may run."""
    with app.db.dispatch() as tx:
        now = database_now(tx)
        week = week_before(now)
        if now < report_time(now):
            return 0
        tenant_ids = [str(it) for it in tx.scalars(_UNREPORTED, {"week": week, "since": report_time(now)})]
    for tenant_id in tenant_ids:
        with app.db.transaction(SystemCaller(tenant_id)) as tx:
            tx.execute(insert(NoticeFeed).on_conflict_do_nothing())
            mark = update(NoticeFeed).where(NoticeFeed.reported_week < week).values(reported_week=week)
            if tx.scalar(mark.returning(NoticeFeed.tenant_id)) is not None and (summary := week_summary(tx, now)):
                events.record(
                    tx, "report.weekly", "workspace", tenant_id, {"week": week, "summary": summary, "words": stored(summary)}
                )
    return len(tenant_ids)


def week_summary(tx: Session, until: datetime) -> str:
    """What happened in the seven days before; "": nothing."""
    since = until - timedelta(days=7)
    recent_posts = select(Post.state, func.count()).where(Post.updated_at >= since).group_by(Post.state)
    posts: dict[str, int] = {state: n for state, n in tx.execute(recent_posts)}
    recent_jobs = select(Job.state, func.count()).where(Job.finished_at >= since, Job.parent_id.is_(None), Job.kind != "upkeep")
    jobs: dict[str, int] = {state: n for state, n in tx.execute(recent_jobs.group_by(Job.state))}
    cost = tx.scalar(select(func.sum(LlmCall.usd)).where(LlmCall.created_at >= since)) or Decimal(0)
    published, done, failed = posts.get(PostState.PUBLISHED, 0), jobs.get(JobState.COMPLETED, 0), jobs.get(JobState.FAILED, 0)
    unpublished = posts.get(PostState.FAILED, 0) + posts.get(PostState.MISSED, 0)
    return joined(
        tr_lazy_plural("{n:,} post published.", "{n:,} posts published.", published) if published else "",
        tr_lazy_plural("{n:,} post failed or missed.", "{n:,} posts failed or missed.", unpublished) if unpublished else "",
        tr_lazy_plural("{n:,} job done.", "{n:,} jobs done.", done) if done else "",
        tr_lazy_plural("{n:,} job failed.", "{n:,} jobs failed.", failed) if failed else "",
        tr_lazy("${usd:,.2f} for AI calls.", usd=cost) if cost >= Decimal("0.01") else "",
    )


def record_low_disk(app: App) -> bool:
    """Records an event in a workspace of each operator while the studio's disk is nearly full; they are told once a day.
    Returns whether it is."""
    free, _ = disk.free(app.settings.data_dir)
    if free >= LOW_DISK_BYTES:
        return False
    with app.db.transaction(Anonymous()) as tx:
        operators = sorted(accounts.operator_ids(tx, app.settings))
    for user_id in operators:
        with app.db.transaction(Anonymous(user_id)) as tx:
            oldest = select(Membership.tenant_id).where(Membership.user_id == user_id).order_by(Membership.created_at).limit(1)
            tenant_id = tx.scalar(oldest)
        if tenant_id is not None:
            with app.db.transaction(SystemCaller(tenant_id)) as tx:
                recent = events.list_for(tx, "system", "disk", take=1)
                if not recent or recent[-1].created_at < database_now(tx) - timedelta(hours=24):
                    events.record(tx, "disk.low", "system", "disk", {"free": f"{free / 1024**3:.1f} GiB"})
    return True
