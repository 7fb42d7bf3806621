"""What went out, counted by day and channel, and listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend.content_plans.queries import NOT_DELETED, get_many
from backend.content_plans.schemas import PlanCard
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostState
from backend.kit.spreadsheets import csv_text


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """Posts that a channel published on a day of their plans' time zones."""

    day: date
    channel_id: str
    channel_name: str
    platform: str
    posts: int


@dataclass(frozen=True, slots=True)
class LatestFailure:
    """Why a channel's post could not be published, as a sentence, and when."""

    error: str
    at: datetime


def latest_failures(tx: Session) -> dict[str, LatestFailure]:
    """Channel id -> the failed post of it that changed last; channels without one are left out."""
    query = (
        select(Post.channel_id, Post.error, Post.updated_at)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(NOT_DELETED, Post.state == PostState.FAILED)
        .ext(distinct_on(Post.channel_id))
        .order_by(Post.channel_id, Post.updated_at.desc())
    )
    return {channel_id: LatestFailure(error, at) for channel_id, error, at in tx.execute(query)}


def published_by_day(tx: Session, *, since: datetime, influencer_id: str = "") -> list[ChannelDay]:
    """By day, then by channel; days without posts are left out. `influencer_id` "": of all."""
    day = cast(func.timezone(ContentPlan.zone, Post.published_at), Date)
    query = (
        select(day, Channel.id, Channel.name, Channel.platform, func.count())
        .select_from(Post)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(*_published(since, influencer_id))
        .group_by(day, Channel.id, Channel.name, Channel.platform)
        .order_by(day, Channel.name)
    )
    return [ChannelDay(*row) for row in tx.execute(query)]


def published_plans(
    tx: Session, *, since: datetime, influencer_id: str = "", take: int = 30, before: datetime | None = None
) -> list[PlanCard]:
    """Plans with a published post, the one published last first. `before`: the time of the last one of the page before."""
    last = func.max(Post.published_at)
    query = (
        select(Post.plan_id)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(*_published(since, influencer_id))
        .group_by(Post.plan_id)
        .order_by(last.desc(), Post.plan_id)
        .limit(take)
    )
    return get_many(tx, list(tx.scalars(query.having(last < before) if before else query)))


def published_csv(tx: Session, *, since: datetime, influencer_id: str = "") -> str:
    """The published posts as CSV, oldest first, times in UTC."""
    query = (
        select(Post, ContentPlan.topic, Influencer.name, Channel.name, Channel.platform)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .join(Influencer, Influencer.id == ContentPlan.influencer_id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(*_published(since, influencer_id))
        .order_by(Post.published_at)
    )
    rows: list[tuple[str, ...]] = [("published_at", "influencer", "platform", "channel", "format", "topic", "caption", "url")]
    for post, topic, influencer_name, channel_name, platform in tx.execute(query):
        published_at = f"{post.published_at:%Y-%m-%dT%H:%M:%SZ}"
        rows.append((published_at, influencer_name, platform, channel_name, post.format, topic, post.caption, post.url))
    return csv_text(rows)


def _published(since: datetime, influencer_id: str) -> list[ColumnElement[bool]]:
    conditions = [NOT_DELETED, Post.state == PostState.PUBLISHED, Post.published_at >= since]
    return [*conditions, ContentPlan.influencer_id == influencer_id] if influencer_id else conditions
