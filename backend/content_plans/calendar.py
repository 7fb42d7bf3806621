"""What the calendar shows: entries of a range of days, plans without a date, clashes and empty days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, DateTime, Select, String, any_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend.content_plans import faces, queries, rules
from backend.content_plans.rules import MOVABLE, Clash, PlannedPost
from backend.content_plans.schemas import CalendarEntry, PlanFilters, RulesDraft
from backend.content_plans.times import to_instant, to_local_time
from backend.db.tables import Channel, ContentPlan, Post, PostingRule, PostState
from backend.language import tr_lazy

MAX_ENTRIES = 2000
_DEFAULT_GAP_MINUTES = RulesDraft().gap_minutes
_POST, _OTHER = aliased(Post), aliased(Post)


def entries(
    tx: Session, *, first: datetime, last: datetime, zone: str, filters: PlanFilters | None = None
) -> list[CalendarEntry]:
    """Plans between two local times of `zone` (`last` not included), by time; at most MAX_ENTRIES.

    Clashes are found among these plans only.
    """
    where = queries.filter_conditions(tx, filters or PlanFilters())
    where += [ContentPlan.due_at >= to_instant(first, zone).at, ContentPlan.due_at < to_instant(last, zone).at]
    plans = tx.execute(plan_columns().where(*where).order_by(ContentPlan.due_at, ContentPlan.id).limit(MAX_ENTRIES)).all()
    return calendar_entries(tx, plans, zone)


def month_entries(
    tx: Session, *, first: datetime, last: datetime, zone: str, per_day: int, filters: PlanFilters | None = None
) -> tuple[list[CalendarEntry], dict[date, int]]:
    """As `entries`, at most `per_day` of each day in `zone`; and by day how many more there are.

    Clashes are found among all posts between the two times, also those that are not returned.
    """
    starts = [to_instant(first + timedelta(days=n), zone).at for n in range((last - first).days + 1)]
    day = func.width_bucket(ContentPlan.due_at, bindparam("starts", starts, ARRAY(DateTime(timezone=True)))).label("day")
    where = queries.filter_conditions(tx, filters or PlanFilters())
    where += [ContentPlan.due_at >= starts[0], ContentPlan.due_at < to_instant(last, zone).at]
    within = select(ContentPlan.id, ContentPlan.due_at, day).where(*where).subquery()
    by_day: dict[str, Any] = {"partition_by": within.c.day}
    position = func.row_number().over(**by_day, order_by=(within.c.due_at, within.c.id)).label("nth")
    ranked = select(within.c.id, within.c.day, position, func.count().over(**by_day).label("many")).subquery()
    plans = plan_columns().add_columns(ranked.c.day, ranked.c.many).join(ranked, ranked.c.id == ContentPlan.id)
    rows = tx.execute(
        plans.where(ranked.c.nth <= per_day).order_by(ContentPlan.due_at, ContentPlan.id).limit(MAX_ENTRIES)
    ).all()
    more = {(first + timedelta(days=row.day - 1)).date(): row.many - per_day for row in rows if row.many > per_day}
    return calendar_entries(tx, rows, zone, clash_range=(starts[0], to_instant(last, zone).at) if more else None), more


def _clashes_between(
    tx: Session, influencer_by_plan: Mapping[str, str], posts: Sequence[Any], first: datetime, last: datetime
) -> dict[str, str]:
    """As `_clashes`, but against all posts of the same channels: plan id -> sentence.

    Postgres finds them, because the posts of a whole month need not be loaded for it. `influencer_by_plan`: the plans asked
    about; `posts`: theirs; the same text is looked for between `first` and `last`.
    """
    gaps, sentences = _gap_minutes_by_scope(tx), dict[str, str]()
    post, other = _POST, _OTHER
    widest = timedelta(minutes=max([_DEFAULT_GAP_MINUTES, *gaps.values()]))
    others = (
        select(other.due_at)
        .join(ContentPlan, ContentPlan.id == other.plan_id)
        .where(queries.NOT_DELETED, other.channel_id == post.channel_id, other.plan_id != post.plan_id)
        .limit(1)
    )
    before = others.where(other.due_at <= post.due_at, other.due_at > post.due_at - widest).order_by(other.due_at.desc())
    after = others.where(other.due_at >= post.due_at, other.due_at < post.due_at + widest).order_by(other.due_at)
    apart = [post.due_at - before.correlate(post).scalar_subquery(), after.correlate(post).scalar_subquery() - post.due_at]
    nearest = select(post.plan_id, func.least(*apart).label("apart")).where(_is_any_of(post.plan_id, list(influencer_by_plan)))
    for plan_id, between in tx.execute(nearest):
        minutes = int(between.total_seconds() // 60) if between is not None else None
        if minutes is not None and minutes < gaps.get(influencer_by_plan[plan_id], _DEFAULT_GAP_MINUTES):
            sentences[plan_id] = _clash_sentence(Clash("near", plan_id, "", "", minutes))
    repeated_texts = (
        select(Post.channel_id, Post.fingerprint)
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(
            queries.NOT_DELETED,
            Post.due_at >= first,
            Post.due_at < last,
            _is_any_of(Post.channel_id, {row.channel_id for row in posts}),
        )
        .where(_is_any_of(Post.fingerprint, {row.fingerprint for row in posts} - {""}))
        .group_by(Post.channel_id, Post.fingerprint)
        .having(func.count() > 1)
    )
    repeated = {(row.channel_id, row.fingerprint) for row in tx.execute(repeated_texts)}
    for row in posts:
        if (row.channel_id, row.fingerprint) in repeated:
            sentences.setdefault(row.plan_id, _clash_sentence(Clash("same", row.plan_id, "", "")))
    return sentences


def _is_any_of(column: ColumnElement[str] | InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """As `IN`, in one array parameter: binding hundreds of parameters takes the driver longer than Postgres the query."""
    return column == any_(bindparam(None, list(values), ARRAY(String)))


def undated_entries(tx: Session, *, filters: PlanFilters | None = None, take: int = 100) -> list[CalendarEntry]:
    """Plans without a date, newest first."""
    where = [*queries.filter_conditions(tx, filters or PlanFilters()), ContentPlan.due_at.is_(None)]
    return calendar_entries(
        tx, tx.execute(plan_columns().where(*where).order_by(ContentPlan.id.desc()).limit(take)).all(), "UTC"
    )


def placement_warnings(tx: Session, plan_id: str) -> list[str]:
    """Sentences about a plan's date: another post too near on a channel, another post there with the same text. None about
    posts that went out: nothing can be done about them."""
    posts = tx.scalars(select(Post).where(Post.plan_id == plan_id, Post.state.in_(MOVABLE))).all()
    influencer_id = tx.scalar(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id))
    gap = timedelta(minutes=_gap_minutes_by_scope(tx).get(influencer_id or "", _DEFAULT_GAP_MINUTES))
    sentences: list[str] = []
    for post in posts:
        others = select(Post.due_at, Channel.name).join(Channel, Channel.id == Post.channel_id)
        others = others.join(ContentPlan, ContentPlan.id == Post.plan_id)
        others = others.where(queries.NOT_DELETED, Post.channel_id == post.channel_id, Post.plan_id != plan_id)
        if post.due_at:
            close = others.where(Post.due_at > post.due_at - gap, Post.due_at < post.due_at + gap)
            if other := tx.execute(close.order_by(Post.due_at).limit(1)).first():
                minutes = int(abs((other.due_at - post.due_at).total_seconds()) // 60)
                sentences.append(
                    tr_lazy("Only {minutes} min from another post on {channel}.", minutes=minutes, channel=other.name)
                )
        if post.fingerprint and (other := tx.execute(others.where(Post.fingerprint == post.fingerprint).limit(1)).first()):
            sentences.append(tr_lazy("{channel} has another post with the same text.", channel=other.name))
    return list(dict.fromkeys(sentences))


def planned_instants(tx: Session, influencer_id: str) -> list[datetime]:
    """Instants of the influencer's plans from now on."""
    ahead = select(ContentPlan.due_at).where(
        queries.NOT_DELETED, ContentPlan.influencer_id == influencer_id, ContentPlan.due_at > func.clock_timestamp()
    )
    return [at for at in tx.scalars(ahead) if at]


def empty_days(tx: Session, influencer_id: str, first: date, last: date, *, least: int = 2) -> list[tuple[date, date]]:
    """(first, last) of each run of at least `least` days without a plan of the influencer, by the plans' own time zones."""
    filters = PlanFilters(influencer_id=influencer_id, first=first, last=last)
    days = tx.scalars(select(ContentPlan.wall).where(*queries.filter_conditions(tx, filters), ContentPlan.wall.is_not(None)))
    return rules.empty_periods([local_time.date() for local_time in days if local_time], first, last, least=least)


def plan_columns() -> Select[str, str, str, datetime | None, str, datetime | None, int, str | None]:
    """What `calendar_entries` needs of plans."""
    plan = ContentPlan
    return select(plan.id, plan.influencer_id, plan.topic, plan.wall, plan.zone, plan.due_at, plan.version, plan.campaign_id)


def calendar_entries(
    tx: Session, plans: Sequence[Any], zone: str, clash_range: tuple[datetime, datetime] | None = None
) -> list[CalendarEntry]:
    """Entries of rows of `plan_columns`, in their order.

    `clash_range`: clashes are found among all posts between these instants; None: among `plans` only.
    """
    posts_by_plan: dict[str, list[Any]] = defaultdict(list)
    query = select(
        Post.id,
        Post.plan_id,
        Post.state,
        Channel.platform,
        Post.media[0].astext.label("asset_id"),
        Post.channel_id,
        Post.due_at,
        Post.fingerprint,
        func.left(func.coalesce(func.nullif(Post.title, ""), Post.caption), 80).label("said"),
    ).join(Channel, Channel.id == Post.channel_id)
    influencer_by_plan = {plan.id: plan.influencer_id for plan in plans}
    posts = (
        tx.execute(query.where(_is_any_of(Post.plan_id, influencer_by_plan)).order_by(Channel.name, Post.id)).all()
        if plans
        else []
    )
    for post in posts:
        posts_by_plan[post.plan_id].append(post)
    below_threshold = _plans_below_threshold(tx, list(influencer_by_plan))
    clashes = (
        _clashes_between(tx, influencer_by_plan, posts, *clash_range)
        if clash_range
        else _clashes(tx, influencer_by_plan, posts_by_plan)
    )
    return [
        replace(
            _calendar_entry(plan, posts_by_plan[plan.id], zone),
            face_below=plan.id in below_threshold,
            clash=clashes.get(plan.id, ""),
        )
        for plan in plans
    ]


def _plans_below_threshold(tx: Session, plan_ids: Sequence[str]) -> set[str]:
    query = select(ContentPlan.id).where(_is_any_of(ContentPlan.id, plan_ids), faces.below_threshold())
    return set(tx.scalars(query)) if plan_ids else set()


def _calendar_entry(plan: Any, posts: list[Any], zone: str) -> CalendarEntry:
    states = [PostState(post.state) for post in posts]
    title = " ".join((plan.topic or next((post.said for post in posts if post.said), "")).split())[:120]
    return CalendarEntry(
        id=plan.id,
        influencer_id=plan.influencer_id,
        title=title or tr_lazy("Untitled"),
        own_wall=plan.wall,
        zone=plan.zone,
        wall=to_local_time(plan.due_at, zone) if plan.due_at else None,
        state=rules.aggregate(states),
        platforms=tuple(post.platform for post in posts),
        asset_id=next((post.asset_id for post in posts if post.asset_id), ""),
        movable=all(state in MOVABLE for state in states),
        version=plan.version,
        campaign_id=plan.campaign_id,
    )


def _clashes(tx: Session, influencer_by_plan: Mapping[str, str], posts_by_plan: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Plan id -> sentence, for clashes among these posts."""
    gaps = _gap_minutes_by_scope(tx)
    posts_by_gap: dict[int, list[PlannedPost]] = defaultdict(list)
    for plan_id, posts in posts_by_plan.items():
        gap = gaps.get(influencer_by_plan[plan_id], _DEFAULT_GAP_MINUTES)
        posts_by_gap[gap] += [PlannedPost(post.id, plan_id, post.channel_id, post.due_at, post.fingerprint) for post in posts]
    sentences: dict[str, str] = {}
    for gap, posts in posts_by_gap.items():
        for clash in rules.find_clashes(posts, gap_minutes=gap):
            for plan_id in (clash.plan_id, clash.other_plan_id):
                sentences.setdefault(plan_id, _clash_sentence(clash))
    return sentences


def _clash_sentence(clash: Clash) -> str:
    if clash.kind == "same":
        return tr_lazy("Another post on this channel has the same text.")
    return tr_lazy("Only {minutes} min from another post on this channel.", minutes=clash.minutes)


def _gap_minutes_by_scope(tx: Session) -> dict[str, int]:
    return {row.scope: row.gap_minutes for row in tx.execute(select(PostingRule.scope, PostingRule.gap_minutes))}
