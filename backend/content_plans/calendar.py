"""What the calendar shows: light spots for a range of days, what waits without a date, clashes and gaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, DateTime, Select, String, any_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend.content_plans import faces, queries, rules
from backend.content_plans.rules import MOVABLE, Clash, Planned
from backend.content_plans.schemas import CalendarEntry, PlanFilters, RulesDraft
from backend.content_plans.time_zones import instant, wall_in
from backend.db.tables import Channel, ContentPlan, Post, PostingRule, PostState

MOST_SPOTS = 2000
_GAP = RulesDraft().gap_minutes
_POST, _OTHER = aliased(Post), aliased(Post)


def entries(
    tx: Session, *, first: datetime, last: datetime, zone: str, filters: PlanFilters | None = None
) -> list[CalendarEntry]:
    """Plans between two wall times of `zone` (the second not included), by time; at most 2,000. Clashes look at these only."""
    where = queries.matching(tx, filters or PlanFilters())
    where += [ContentPlan.due_at >= instant(first, zone).at, ContentPlan.due_at < instant(last, zone).at]
    found = tx.execute(_plans().where(*where).order_by(ContentPlan.due_at, ContentPlan.id).limit(MOST_SPOTS)).all()
    return _spots(tx, found, zone)


def month(
    tx: Session, *, first: datetime, last: datetime, zone: str, per_day: int, filters: PlanFilters | None = None
) -> tuple[list[CalendarEntry], dict[date, int]]:
    """As `spots`, at most `per_day` of each day as the clocks of `zone` show it; and by day how many more there are.

    Clashes look at everything between the two times, also at what is not given.
    """
    starts = [instant(first + timedelta(days=n), zone).at for n in range((last - first).days + 1)]
    day = func.width_bucket(ContentPlan.due_at, bindparam("starts", starts, ARRAY(DateTime(timezone=True)))).label("day")
    where = queries.matching(tx, filters or PlanFilters())
    where += [ContentPlan.due_at >= starts[0], ContentPlan.due_at < instant(last, zone).at]
    within = select(ContentPlan.id, ContentPlan.due_at, day).where(*where).subquery()
    by_day: dict[str, Any] = {"partition_by": within.c.day}
    nth = func.row_number().over(**by_day, order_by=(within.c.due_at, within.c.id)).label("nth")
    ranked = select(within.c.id, within.c.day, nth, func.count().over(**by_day).label("many")).subquery()
    plans = _plans().add_columns(ranked.c.day, ranked.c.many).join(ranked, ranked.c.id == ContentPlan.id)
    found = tx.execute(
        plans.where(ranked.c.nth <= per_day).order_by(ContentPlan.due_at, ContentPlan.id).limit(MOST_SPOTS)
    ).all()
    more = {(first + timedelta(days=row.day - 1)).date(): row.many - per_day for row in found if row.many > per_day}
    return _spots(tx, found, zone, among=(starts[0], instant(last, zone).at) if more else None), more


def _clashes_between(
    tx: Session, shown: Mapping[str, str], lines: Sequence[Any], first: datetime, last: datetime
) -> dict[str, str]:
    """As `_clashes`, found by Postgres: plan id -> sentence, for these plans and posts among all of their channels' posts.

    `shown`: plan id -> its influencer.
    """
    gaps, said = _gaps(tx), dict[str, str]()
    post, other = _POST, _OTHER
    widest = timedelta(minutes=max([_GAP, *gaps.values()]))
    others = (
        select(other.due_at)
        .join(ContentPlan, ContentPlan.id == other.plan_id)
        .where(queries.ALIVE, other.channel_id == post.channel_id, other.plan_id != post.plan_id)
        .limit(1)
    )
    before = others.where(other.due_at <= post.due_at, other.due_at > post.due_at - widest).order_by(other.due_at.desc())
    after = others.where(other.due_at >= post.due_at, other.due_at < post.due_at + widest).order_by(other.due_at)
    apart = [post.due_at - before.correlate(post).scalar_subquery(), after.correlate(post).scalar_subquery() - post.due_at]
    nearest = select(post.plan_id, func.least(*apart).label("apart")).where(_one_of(post.plan_id, list(shown)))
    for plan_id, between in tx.execute(nearest):
        minutes = int(between.total_seconds() // 60) if between is not None else None
        if minutes is not None and minutes < gaps.get(shown[plan_id], _GAP):
            said[plan_id] = _sentence(Clash("near", plan_id, "", "", minutes))
    same = (
        select(Post.channel_id, Post.fingerprint)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(
            queries.ALIVE, Post.due_at >= first, Post.due_at < last, _one_of(Post.channel_id, {one.channel_id for one in lines})
        )
        .where(_one_of(Post.fingerprint, {one.fingerprint for one in lines} - {""}))
        .group_by(Post.channel_id, Post.fingerprint)
        .having(func.count() > 1)
    )
    twice = {(row.channel_id, row.fingerprint) for row in tx.execute(same)}
    for one in lines:
        if (one.channel_id, one.fingerprint) in twice:
            said.setdefault(one.plan_id, _sentence(Clash("same", one.plan_id, "", "")))
    return said


def _one_of(column: ColumnElement[str] | InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """As `IN`, in one parameter: hundreds of them take the driver longer than Postgres."""
    return column == any_(bindparam(None, list(values), ARRAY(String)))


def undated(tx: Session, *, filters: PlanFilters | None = None, take: int = 100) -> list[CalendarEntry]:
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


def _plans() -> Select[str, str, str, datetime | None, str, datetime | None, int]:
    one = ContentPlan
    return select(one.id, one.influencer_id, one.topic, one.wall, one.zone, one.due_at, one.version)


def _spots(tx: Session, plans: Sequence[Any], zone: str, among: tuple[datetime, datetime] | None = None) -> list[CalendarEntry]:
    """`among`: clashes are looked for among everything between these times; None: among what is given."""
    lines: dict[str, list[Any]] = defaultdict(list)
    query = select(
        Post.id, Post.plan_id, Post.state, Channel.platform, Post.media[0].astext.label("asset_id"), Post.channel_id,
        Post.due_at, Post.fingerprint, func.left(func.coalesce(func.nullif(Post.title, ""), Post.caption), 80).label("said"),
    ).join(Channel, Channel.id == Post.channel_id)  # fmt: skip
    owners = {one.id: one.influencer_id for one in plans}
    found = tx.execute(query.where(_one_of(Post.plan_id, owners)).order_by(Channel.name, Post.id)).all() if plans else []
    for line in found:
        lines[line.plan_id].append(line)
    below = _below(tx, list(owners))
    clashing = _clashes_between(tx, owners, found, *among) if among else _clashes(tx, owners, lines)
    return [
        replace(_spot(one, lines[one.id], zone), face_below=one.id in below, clash=clashing.get(one.id, "")) for one in plans
    ]


def _below(tx: Session, plan_ids: Sequence[str]) -> set[str]:
    query = select(ContentPlan.id).where(_one_of(ContentPlan.id, plan_ids), faces.below())
    return set(tx.scalars(query)) if plan_ids else set()


def _spot(plan: Any, posts: list[Any], zone: str) -> CalendarEntry:
    states = [PostState(one.state) for one in posts]
    title = " ".join((plan.topic or next((one.said for one in posts if one.said), "")).split())[:120]
    return CalendarEntry(
        id=plan.id, influencer_id=plan.influencer_id, title=title or "Untitled", own_wall=plan.wall, zone=plan.zone,
        wall=wall_in(plan.due_at, zone) if plan.due_at else None, state=rules.aggregate(states),
        platforms=tuple(one.platform for one in posts), asset_id=next((one.asset_id for one in posts if one.asset_id), ""),
        movable=all(state in MOVABLE for state in states), version=plan.version,
    )  # fmt: skip


def _clashes(tx: Session, owners: Mapping[str, str], lines: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Plan id -> sentence, among these posts. `owners`: plan id -> influencer; `lines`: plan id -> its posts."""
    gaps = _gaps(tx)
    by_gap: dict[int, list[Planned]] = defaultdict(list)
    for plan_id, posts in lines.items():
        gap = gaps.get(owners[plan_id], _GAP)
        by_gap[gap] += [Planned(one.id, plan_id, one.channel_id, one.due_at, one.fingerprint) for one in posts]
    said: dict[str, str] = {}
    for gap, posts in by_gap.items():
        for clash in rules.clashes(posts, gap_minutes=gap):
            for plan_id in (clash.plan_id, clash.other_plan_id):
                said.setdefault(plan_id, _sentence(clash))
    return said


def _sentence(clash: Clash) -> str:
    if clash.kind == "same":
        return "Another post on this channel has the same words."
    return f"Only {clash.minutes} min from another post on this channel."


def _gaps(tx: Session) -> dict[str, int]:
    return {row.scope: row.gap_minutes for row in tx.execute(select(PostingRule.scope, PostingRule.gap_minutes))}
