"""What the calendar shows: light spots for a range of days, what waits without a date, clashes and gaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend.posts import queries, rules
from backend.posts.rules import MOVABLE, Clash, Planned
from backend.posts.schemas import PlanFilters, RulesDraft, Spot
from backend.posts.zones import instant, wall_in
from backend.tables import Channel, ContentPlan, Post, PostingRule, PostState

MOST_SPOTS = 2000
_GAP = RulesDraft().gap_minutes


def spots(tx: Session, *, first: datetime, last: datetime, zone: str, filters: PlanFilters | None = None) -> list[Spot]:
    """Plans between two wall times of `zone` (the second not included), by time; at most 2,000. Clashes look at these only."""
    where = queries.matching(tx, filters or PlanFilters())
    where += [ContentPlan.due_at >= instant(first, zone).at, ContentPlan.due_at < instant(last, zone).at]
    found = tx.execute(_plans().where(*where).order_by(ContentPlan.due_at, ContentPlan.id).limit(MOST_SPOTS)).all()
    return _spots(tx, found, zone)


def undated(tx: Session, *, filters: PlanFilters | None = None, take: int = 100) -> list[Spot]:
    """What has no date yet, newest first."""
    where = [*queries.matching(tx, filters or PlanFilters()), ContentPlan.due_at.is_(None)]
    return _spots(tx, tx.execute(_plans().where(*where).order_by(ContentPlan.id.desc()).limit(take)).all(), "UTC")


def near(tx: Session, plan_id: str) -> list[str]:
    """What people should know about a plan's place: another post too near on a channel, the same words there before."""
    mine = tx.scalars(select(Post).where(Post.plan_id == plan_id)).all()
    owner = tx.scalar(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id))
    gap = timedelta(minutes=_gaps(tx).get(owner or "", _GAP))
    said: list[str] = []
    for one in mine:
        others = select(Post.due_at, Channel.name).join(Channel, Channel.id == Post.channel_id)
        others = others.join(ContentPlan, ContentPlan.id == Post.plan_id)
        others = others.where(queries.ALIVE, Post.channel_id == one.channel_id, Post.plan_id != plan_id)
        if one.due_at:
            close = others.where(Post.due_at > one.due_at - gap, Post.due_at < one.due_at + gap)
            if there := tx.execute(close.order_by(Post.due_at).limit(1)).first():
                minutes = int(abs((there.due_at - one.due_at).total_seconds()) // 60)
                said.append(f"Only {minutes} min from another post on {there.name}.")
        if one.fingerprint and (there := tx.execute(others.where(Post.fingerprint == one.fingerprint).limit(1)).first()):
            said.append(f"{there.name} has another post with the same words.")
    return list(dict.fromkeys(said))


def instants(tx: Session, influencer_id: str) -> list[datetime]:
    """When the influencer has something planned from now on."""
    ahead = select(ContentPlan.due_at).where(
        queries.ALIVE, ContentPlan.influencer_id == influencer_id, ContentPlan.due_at > func.clock_timestamp()
    )
    return [at for at in tx.scalars(ahead) if at]


def empty_days(tx: Session, influencer_id: str, first: date, last: date, *, least: int = 2) -> list[tuple[date, date]]:
    """Runs of days without a post of the influencer, by the plans' own clocks."""
    filters = PlanFilters(influencer_id=influencer_id, first=first, last=last)
    days = tx.scalars(select(ContentPlan.wall).where(*queries.matching(tx, filters), ContentPlan.wall.is_not(None)))
    return rules.gaps([wall.date() for wall in days if wall], first, last, least=least)


def _plans() -> Select[str, str, str, datetime | None, str, datetime | None]:
    one = ContentPlan
    return select(one.id, one.influencer_id, one.topic, one.wall, one.zone, one.due_at)


def _spots(tx: Session, plans: Sequence[Any], zone: str) -> list[Spot]:
    lines: dict[str, list[Any]] = defaultdict(list)
    post = aliased(Post)
    query = select(
        post.id, post.plan_id, post.state, Channel.platform, post.media[0].astext.label("asset_id"), post.channel_id,
        post.due_at, post.fingerprint, func.left(func.coalesce(func.nullif(post.title, ""), post.caption), 80).label("said"),
    ).join(Channel, Channel.id == post.channel_id)  # fmt: skip
    if plans:
        for line in tx.execute(query.where(post.plan_id.in_([one.id for one in plans])).order_by(Channel.name, post.id)):
            lines[line.plan_id].append(line)
    found = [_spot(one, lines[one.id], zone) for one in plans]
    return _with_clashes(tx, found, lines)


def _spot(plan: Any, posts: list[Any], zone: str) -> Spot:
    states = [PostState(one.state) for one in posts]
    title = " ".join((plan.topic or next((one.said for one in posts if one.said), "")).split())[:120]
    return Spot(
        id=plan.id, influencer_id=plan.influencer_id, title=title or "Untitled", own_wall=plan.wall, zone=plan.zone,
        wall=wall_in(plan.due_at, zone) if plan.due_at else None, state=rules.aggregate(states),
        platforms=tuple(one.platform for one in posts), asset_id=next((one.asset_id for one in posts if one.asset_id), ""),
        movable=all(state in MOVABLE for state in states),
    )  # fmt: skip


def _with_clashes(tx: Session, found: list[Spot], lines: dict[str, list[Any]]) -> list[Spot]:
    gaps, owners = _gaps(tx), {one.id: one.influencer_id for one in found}
    by_gap: dict[int, list[Planned]] = defaultdict(list)
    for plan_id, posts in lines.items():
        gap = gaps.get(owners[plan_id], _GAP)
        by_gap[gap] += [Planned(one.id, plan_id, one.channel_id, one.due_at, one.fingerprint) for one in posts]
    said: dict[str, str] = {}
    for gap, posts in by_gap.items():
        for clash in rules.clashes(posts, gap_minutes=gap):
            for plan_id in (clash.plan_id, clash.other_plan_id):
                said.setdefault(plan_id, _sentence(clash))
    return [replace(one, clash=said[one.id]) if one.id in said else one for one in found]


def _sentence(clash: Clash) -> str:
    if clash.kind == "same":
        return "Another post on this channel has the same words."
    return f"Only {clash.minutes} min from another post on this channel."


def _gaps(tx: Session) -> dict[str, int]:
    return {row.scope: row.gap_minutes for row in tx.execute(select(PostingRule.scope, PostingRule.gap_minutes))}
