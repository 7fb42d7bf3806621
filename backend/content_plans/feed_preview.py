"""What a profile's grid will look like: posts of one channel, newest first, with those that are still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import assets, channels
from backend.channels import ChannelCard
from backend.content_plans import queries
from backend.content_plans.rules import MOVABLE
from backend.content_plans.times import to_local_time
from backend.db.tables import ContentPlan, Post, PostState
from backend.language import tr_lazy

MAX_TILES = 120
_NOT_IN_GRID = ("story",)


@dataclass(frozen=True, slots=True)
class FeedTile:
    """`local_time`: when it goes out, or went out, in the requested zone. `asset_id` "": no picture yet."""

    plan_id: str
    title: str
    state: PostState
    local_time: datetime
    asset_id: str
    is_video: bool
    media_count: int
    movable: bool
    version: int


@dataclass(frozen=True, slots=True)
class FeedPreview:
    """`channel` None: the influencer has none. `more`: earlier posts are left out."""

    channel: ChannelCard | None
    tiles: list[FeedTile]
    more: bool


def feed_preview(tx: Session, influencer_id: str, *, channel_id: str = "", zone: str, take: int = 60) -> FeedPreview:
    """`channel_id` "": the influencer's first Instagram channel, else their first one. Stories are in no grid.

    Raises NotFound: the channel is not the influencer's.
    """
    channel = _channel(tx, influencer_id, channel_id)
    if channel is None:
        return FeedPreview(None, [], False)
    query = (
        select(
            ContentPlan.id,
            ContentPlan.topic,
            ContentPlan.version,
            Post.state,
            Post.media,
            Post.cover_id,
            func.left(func.coalesce(func.nullif(Post.title, ""), Post.caption), 80).label("text"),
            func.coalesce(Post.published_at, Post.due_at).label("at"),
        )
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(queries.NOT_DELETED, Post.channel_id == channel.id, Post.format.not_in(_NOT_IN_GRID))
    )
    # apart, so that each is a range of the index: posts with a date, and those that were published without one
    planned = query.where(Post.due_at.is_not(None)).order_by(Post.due_at.desc())
    by_hand = query.where(Post.due_at.is_(None), Post.published_at.is_not(None)).order_by(Post.published_at.desc())
    posts = [row for part in (planned, by_hand) for row in tx.execute(part.limit(take + 1))]
    rows = sorted(posts, key=lambda row: (row.at, row.id), reverse=True)
    media = assets.get_many(tx, [asset_id for row in rows[:take] for asset_id in row.media[:1]])
    tiles = [
        FeedTile(
            plan_id=row.id,
            title=" ".join((row.topic or row.text or "").split())[:120] or tr_lazy("Untitled"),
            state=PostState(row.state),
            local_time=to_local_time(row.at, zone),
            asset_id=row.cover_id or next(iter(row.media), ""),
            is_video=bool(row.media and row.media[0] in media and media[row.media[0]].kind == "video"),
            media_count=len(row.media),
            movable=PostState(row.state) in MOVABLE,
            version=row.version,
        )
        for row in rows[:take]
    ]
    return FeedPreview(channel, tiles, len(rows) > take)


def _channel(tx: Session, influencer_id: str, channel_id: str) -> ChannelCard | None:
    if channel_id:
        return channels.get(tx, channel_id)
    own = [channel for channel in channels.of(tx, influencer_id) if channel.deleted_at is None] if influencer_id else []
    return next((channel for channel in own if channel.platform == "instagram"), next(iter(own), None))
