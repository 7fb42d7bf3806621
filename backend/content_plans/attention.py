"""What waits for a person: plans to approve, plans to fix, disconnected channels, posts held while publishing is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from backend.content_plans.posting_rules import WORKSPACE
from backend.content_plans.queries import NOT_DELETED, get_many
from backend.content_plans.schemas import PlanCard
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostState

S = PostState
_TO_FIX = (S.UNKNOWN, S.FAILED, S.MISSED, S.APPROVED)
_TO_APPROVE = (S.IN_REVIEW, S.DRAFT)
_URGENCY = {state: n for n, state in enumerate((*_TO_FIX, *_TO_APPROVE))}


@dataclass(frozen=True, slots=True)
class DisconnectedChannel:
    """A channel that must be connected again, or is off while posts wait for it. `waiting`: scheduled posts on it."""

    channel_id: str
    influencer_id: str
    name: str
    platform: str
    state: str
    trouble: str
    waiting: int


@dataclass(frozen=True, slots=True)
class PausedPosts:
    """Posts held while publishing is paused. `influencer_id` is empty for the workspace's own switch."""

    influencer_id: str
    name: str
    posts: int


@dataclass(frozen=True, slots=True)
class WaitingPlans:
    """How many plans wait for a person. `to_approve`: in review, or drafts with a date; `to_fix`: unknown, failed, missed, or
    approved with a date and not scheduled."""

    to_approve: int
    to_fix: int


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


def count_waiting(tx: Session, *, influencer_id: str = "") -> WaitingPlans:
    """Of one influencer, or of all. One statement, which reads only posts that wait."""
    waiting = _waiting(influencer_id).subquery()
    is_to_fix = waiting.c.urgency < len(_TO_FIX)
    to_fix, to_approve = tx.execute(select(func.count().filter(is_to_fix), func.count().filter(~is_to_fix))).one()
    return WaitingPlans(to_approve, to_fix)


def plans_to_approve(tx: Session, *, influencer_id: str = "", take: int) -> list[PlanCard]:
    """Plans in review and drafts with a date, by date; those without one last. Three statements."""
    return _waiting_plans(tx, influencer_id, _TO_APPROVE, take)


def plans_to_fix(tx: Session, *, influencer_id: str = "", take: int) -> list[PlanCard]:
    """Plans with a post whose outcome nobody knows, that failed, was missed, or is approved and will not go out at its time
    because it is not scheduled; in this order, then by date."""
    return _waiting_plans(tx, influencer_id, _TO_FIX, take)


def _waiting_plans(tx: Session, influencer_id: str, states: tuple[PostState, ...], take: int) -> list[PlanCard]:
    urgencies = [_URGENCY[state] for state in states]
    waiting = _waiting(influencer_id).subquery()
    query = select(waiting.c.plan_id).where(waiting.c.urgency.in_(urgencies)).limit(take)
    order = (
        (waiting.c.due_at, waiting.c.plan_id)
        if states is _TO_APPROVE
        else (waiting.c.urgency, waiting.c.due_at, waiting.c.plan_id)
    )
    return get_many(tx, list(tx.scalars(query.order_by(*order))))


def _waiting(influencer_id: str) -> Select[str, datetime | None, int]:
    """Plan id, date and urgency (place in `_URGENCY`) of each plan that waits."""
    urgency = case(*((Post.state == state, n) for state, n in _URGENCY.items()))
    query = (
        select(Post.plan_id, ContentPlan.due_at, func.min(urgency).label("urgency"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(
            NOT_DELETED, Post.state.in_(_URGENCY), Post.state.not_in((S.DRAFT, S.APPROVED)) | ContentPlan.due_at.is_not(None)
        )
        .group_by(Post.plan_id, ContentPlan.due_at)
    )
    return query.where(ContentPlan.influencer_id == influencer_id) if influencer_id else query


def disconnected_channels(tx: Session, *, influencer_id: str = "") -> tuple[DisconnectedChannel, ...]:
    """Channels to connect again, and those that are off while posts wait for them; most posts first."""
    waiting = (
        select(Post.channel_id, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(NOT_DELETED, Post.state == S.SCHEDULED)
        .group_by(Post.channel_id)
        .subquery()
    )
    waiting_count = func.coalesce(waiting.c.n, 0)
    of_influencer = [Channel.influencer_id == influencer_id] if influencer_id else []
    rows = tx.execute(
        select(Channel.id, Channel.influencer_id, Channel.name, Channel.platform, Channel.state, Channel.trouble, waiting_count)
        .outerjoin(waiting, waiting.c.channel_id == Channel.id)
        .where(Channel.deleted_at.is_(None), (Channel.state == "reconnect") | ((Channel.state == "off") & (waiting_count > 0)))
        .where(*of_influencer)
        .order_by(waiting_count.desc(), Channel.name)
    )
    return tuple(DisconnectedChannel(*row) for row in rows)


def paused_posts(tx: Session, *, influencer_id: str = "") -> tuple[PausedPosts, ...]:
    """By what pauses them, most posts first. `influencer_id`: only hers, also those that the workspace's switch holds."""
    of_influencer = [ContentPlan.influencer_id == influencer_id] if influencer_id else []
    rows = tx.execute(
        select(Post.held_by, Influencer.name, func.count().label("n"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .outerjoin(Influencer, Influencer.id == Post.held_by)
        .where(NOT_DELETED, Post.state == S.ON_HOLD, Post.held_by != "person", *of_influencer)
        .group_by(Post.held_by, Influencer.name)
        .order_by(func.count().desc())
    )
    return tuple(PausedPosts("" if row.held_by == WORKSPACE else row.held_by, row.name or "", row.n) for row in rows)
