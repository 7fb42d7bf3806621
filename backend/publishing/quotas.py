"""When an account that has posted as often as it may can post again: the platform says how often, not when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from backend.db.tables import Post, PostState
from backend.jobs import JobContext
from backend.platforms.errors import RateLimitedByPlatform
from backend.platforms.port import Quota

ELSE_S = 3600.0
"""Nothing of the last day is ours: looked at again after an hour."""


def used_up(ctx: JobContext, label: str, channel_id: str, quota: Quota) -> RateLimitedByPlatform:
    """Until our oldest post of the rolling window has left it."""
    with ctx.transaction() as tx:
        now: datetime = tx.scalars(select(func.clock_timestamp())).one()
        ours = select(func.min(Post.published_at)).where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED)
        oldest = tx.scalar(ours.where(Post.published_at > now - func.make_interval(0, 0, 0, 0, 0, 0, float(quota.window_s))))
    left = quota.window_s - (now - oldest).total_seconds() + 60 if oldest else ELSE_S
    said = f"The account has posted {quota.used} of {quota.total} times that {label} allows it now."
    return RateLimitedByPlatform(said, retry_after=max(60.0, left), what="quota")
