"""What waits for a person: unknown, failed and missed posts, disconnected channels, posts held by a stop switch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.content_plans.posting_rules import WORKSPACE
from backend.content_plans.queries import NOT_DELETED, count_by_state
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostState

S = PostState


@dataclass(frozen=True, slots=True)
class DisconnectedChannel:
    """A channel that must be connected again, or is off while posts wait for it. `waiting`: scheduled posts on it."""

    channel_id: str
    name: str
    platform: str
    state: str
    trouble: str
    waiting: int


@dataclass(frozen=True, slots=True)
class PausedPosts:
    """Posts held by a stop switch. `influencer_id` is empty for the workspace's own switch."""

    influencer_id: str
    name: str
    posts: int


@dataclass(frozen=True, slots=True)
class Attention:
    unknown: int
    failed: int
    missed: int
    disconnected: tuple[DisconnectedChannel, ...]
    paused: tuple[PausedPosts, ...]

    @property
    def total(self) -> int:
        return self.unknown + self.failed + self.missed + len(self.disconnected) + len(self.paused)


@dataclass(frozen=True, slots=True)
class ChannelActivity:
    """When a channel last posted and posts next. `posts_last_day`: posts published in the last 24 hours."""

    last_at: datetime | None
    next_at: datetime | None
    posts_last_day: int


def channel_activity(tx: Session) -> dict[str, ChannelActivity]:
    """Activity by channel id. Channels without published or scheduled posts are left out."""
    is_published, is_scheduled = Post.state == S.PUBLISHED, Post.state == S.SCHEDULED
    day_ago = func.clock_timestamp() - timedelta(days=1)
    next_at = func.min(func.greatest(Post.due_at, Post.not_before)).filter(is_scheduled, NOT_DELETED)
    rows = tx.execute(
        select(
            Post.channel_id,
            func.max(Post.published_at).filter(is_published).label("last"),
            next_at.label("next"),
            func.count().filter(is_published, Post.published_at > day_ago).label("day"),
        )
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(Post.state.in_((S.PUBLISHED, S.SCHEDULED)))
        .group_by(Post.channel_id)
    )
    return {row.channel_id: ChannelActivity(row.last, row.next, row.day) for row in rows}


def needs_attention(tx: Session) -> Attention:
    """Three SQL statements, however many posts there are."""
    plans_by_state = count_by_state(tx, [S.UNKNOWN, S.FAILED, S.MISSED])
    return Attention(
        plans_by_state[S.UNKNOWN],
        plans_by_state[S.FAILED],
        plans_by_state[S.MISSED],
        _disconnected_channels(tx),
        _paused_posts(tx),
    )


def _disconnected_channels(tx: Session) -> tuple[DisconnectedChannel, ...]:
    waiting = (
        select(Post.channel_id, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(NOT_DELETED, Post.state == S.SCHEDULED)
        .group_by(Post.channel_id)
        .subquery()
    )
    waiting_count = func.coalesce(waiting.c.n, 0)
    rows = tx.execute(
        select(Channel.id, Channel.name, Channel.platform, Channel.state, Channel.trouble, waiting_count.label("n"))
        .outerjoin(waiting, waiting.c.channel_id == Channel.id)
        .where(Channel.deleted_at.is_(None), (Channel.state == "reconnect") | ((Channel.state == "off") & (waiting_count > 0)))
        .order_by(waiting_count.desc(), Channel.name)
    )
    return tuple(DisconnectedChannel(row.id, row.name, row.platform, row.state, row.trouble, row.n) for row in rows)


def _paused_posts(tx: Session) -> tuple[PausedPosts, ...]:
    rows = tx.execute(
        select(Post.held_by, Influencer.name, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .outerjoin(Influencer, Influencer.id == Post.held_by)
        .where(NOT_DELETED, Post.state == S.ON_HOLD, Post.held_by != "person")
        .group_by(Post.held_by, Influencer.name)
        .order_by(func.count().desc())
    )
    return tuple(PausedPosts("" if row.held_by == WORKSPACE else row.held_by, row.name or "", row.n) for row in rows)
