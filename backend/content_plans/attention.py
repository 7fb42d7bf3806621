"""What of posting waits for a person: unknown, failed, missed, channels that are not connected, what a stop switch holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.content_plans.posting_rules import WORKSPACE
from backend.content_plans.queries import ALIVE, counts
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostState

S = PostState


@dataclass(frozen=True, slots=True)
class Closed:
    """A channel that must be connected again, or is off while posts wait for it. `waiting`: scheduled posts on it."""

    channel_id: str
    name: str
    platform: str
    state: str
    trouble: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Posts that a switch holds. `influencer_id` "": the whole workspace's."""

    influencer_id: str
    name: str
    posts: int


@dataclass(frozen=True, slots=True)
class Attention:
    unknown: int
    failed: int
    missed: int
    closed: tuple[Closed, ...]
    stopped: tuple[Stopped, ...]

    @property
    def total(self) -> int:
        return self.unknown + self.failed + self.missed + len(self.closed) + len(self.stopped)


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one channel. `day`: posts that went out in the last 24 hours."""

    last_at: datetime | None
    next_at: datetime | None
    day: int


def paces(tx: Session) -> dict[str, Pace]:
    """By channel id; channels without posts are not in it."""
    out, ahead = Post.state == S.PUBLISHED, Post.state == S.SCHEDULED
    yesterday = func.clock_timestamp() - timedelta(days=1)
    next_at = func.min(func.greatest(Post.due_at, Post.not_before)).filter(ahead, ALIVE)
    rows = tx.execute(
        select(
            Post.channel_id, func.max(Post.published_at).filter(out).label("last"), next_at.label("next"),
            func.count().filter(out, Post.published_at > yesterday).label("day"),
        )
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(Post.state.in_((S.PUBLISHED, S.SCHEDULED)))
        .group_by(Post.channel_id)
    )  # fmt: skip
    return {row.channel_id: Pace(row.last, row.next, row.day) for row in rows}


def needs_people(tx: Session) -> Attention:
    """Three statements, whatever there is."""
    found = counts(tx, [S.UNKNOWN, S.FAILED, S.MISSED])
    return Attention(found[S.UNKNOWN], found[S.FAILED], found[S.MISSED], _closed(tx), _stopped(tx))


def _closed(tx: Session) -> tuple[Closed, ...]:
    waiting = (
        select(Post.channel_id, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(ALIVE, Post.state == S.SCHEDULED)
        .group_by(Post.channel_id)
        .subquery()
    )
    n = func.coalesce(waiting.c.n, 0)
    rows = tx.execute(
        select(Channel.id, Channel.name, Channel.platform, Channel.state, Channel.trouble, n.label("n"))
        .outerjoin(waiting, waiting.c.channel_id == Channel.id)
        .where(Channel.deleted_at.is_(None), (Channel.state == "reconnect") | ((Channel.state == "off") & (n > 0)))
        .order_by(n.desc(), Channel.name)
    )
    return tuple(Closed(row.id, row.name, row.platform, row.state, row.trouble, row.n) for row in rows)


def _stopped(tx: Session) -> tuple[Stopped, ...]:
    rows = tx.execute(
        select(Post.held_by, Influencer.name, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .outerjoin(Influencer, Influencer.id == Post.held_by)
        .where(ALIVE, Post.state == S.ON_HOLD, Post.held_by != "person")
        .group_by(Post.held_by, Influencer.name)
        .order_by(func.count().desc())
    )
    return tuple(Stopped("" if row.held_by == WORKSPACE else row.held_by, row.name or "", row.n) for row in rows)
