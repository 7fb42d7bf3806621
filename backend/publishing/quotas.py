"""When an account whose quota is used up can post again: platforms say how often one may post, not when the next is allowed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from backend.db.tables import Post, PostState
from backend.jobs import JobContext
from backend.platforms.errors import RateLimitedByPlatform
from backend.platforms.port import Quota

DEFAULT_WAIT_S = 3600.0
"""Where the quota was used up by posts that are not ours: look again after an hour."""


def quota_used_up(ctx: JobContext, label: str, channel_id: str, quota: Quota) -> RateLimitedByPlatform:
    """The error to raise; its `retry_after` is until our oldest post leaves the platform's rolling window."""
    with ctx.transaction() as tx:
        now: datetime = tx.scalars(select(func.clock_timestamp())).one()
        published = select(func.min(Post.published_at)).where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED)
        oldest = tx.scalar(
            published.where(Post.published_at > now - func.make_interval(0, 0, 0, 0, 0, 0, float(quota.window_s)))
        )
    wait_s = quota.window_s - (now - oldest).total_seconds() + 60 if oldest else DEFAULT_WAIT_S
    message = f"The account has posted {quota.used} of {quota.total} times that {label} allows it now."
    return RateLimitedByPlatform(message, retry_after=max(60.0, wait_s), what="quota")
