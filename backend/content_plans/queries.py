"""Reading plans and their posts: a fixed number of statements, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from backend.content_plans import faces, rules, search
from backend.content_plans.schemas import AttemptCard, PlanCard, PlanFilters, PlanPage, PostCard
from backend.content_plans.time_zones import wall_in
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostAttempt, PostState
from backend.errors import NotFound
from backend.kit.clock import now

COUNT_TO = 1000
"""A search counts so far."""
ALIVE = ContentPlan.deleted_at.is_(None)


def get(tx: Session, plan_id: str) -> PlanCard:
    """Also a deleted one (`deleted_at` says so). Raises NotFound."""
    found = cards(tx, [plan_id])
    if not found:
        raise NotFound("This plan does not exist here. It may have been made in another workspace.")
    return found[0]


def get_post(tx: Session, post_id: str) -> PostCard:
    """Raises NotFound."""
    row = tx.execute(_posts().where(Post.id == post_id)).first()
    if row is None:
        raise NotFound("This post does not exist here. It may have been taken out of its plan.")
    return _post(*row)


def plan_of(tx: Session, post_id: str) -> str:
    """The id of the plan it stands in; "": the post is gone, or its plan deleted."""
    found = select(Post.plan_id).join(ContentPlan, ContentPlan.id == Post.plan_id).where(Post.id == post_id, ALIVE)
    return tx.scalar(found) or ""


def cards(tx: Session, plan_ids: Sequence[str]) -> list[PlanCard]:
    """Those that exist, in the order asked for."""
    if not plan_ids:
        return []
    plans = select(ContentPlan, Influencer.name).join(Influencer, Influencer.id == ContentPlan.influencer_id)
    rows = tx.execute(plans.where(ContentPlan.id.in_(plan_ids)).execution_options(populate_existing=True)).all()
    posts: dict[str, list[PostCard]] = defaultdict(list)
    for row in tx.execute(_posts().where(Post.plan_id.in_(plan_ids)).order_by(Channel.name, Post.id)):
        posts[row[0].plan_id].append(_post(*row))
    found = {plan.id: _plan(plan, name, tuple(posts[plan.id])) for plan, name in rows}
    return [found[one] for one in plan_ids if one in found]


def page(
    tx: Session, filters: PlanFilters | None = None, *, cursor: str | None = None, take: int = 50, skip: int = 0
) -> PlanPage:
    """By date (those without one last), then by age. `cursor`: the id the last page ended with; `skip` is the slow way.

    `total` of a search stops at COUNT_TO.
    """
    filters = filters or PlanFilters()
    where = matching(tx, filters)
    order = (ContentPlan.due_at, ContentPlan.id)
    query = select(*order).where(*where)
    if cursor:
        last = tx.execute(select(*order).where(ContentPlan.id == cursor)).first()
        if last is None:
            raise NotFound("The place in this list is not known any more. Start from the beginning.")
        query = _after(query, last.due_at, last.id, skip + take + 1)
    ids = [row.id for row in tx.execute(query.order_by("due_at", "id").limit(take + 1).offset(skip))]
    counted = select(literal(1)).select_from(ContentPlan).where(*where)
    if filters.text.strip():
        counted = counted.limit(COUNT_TO)
    total = tx.scalar(select(func.count()).select_from(counted.subquery())) or 0
    found = cards(tx, ids[:take])
    return PlanPage(found, total, found[-1].id if len(ids) > take else None)


def _after(
    query: Select[datetime | None, str], due_at: datetime | None, plan_id: str, most: int
) -> Select[datetime | None, str]:
    """What comes behind a plan. With a date and without are asked for apart, so that each is a walk along the index."""
    without = query.where(ContentPlan.due_at.is_(None))
    if due_at is None:
        return without.where(ContentPlan.id > plan_id)
    order = (ContentPlan.due_at, ContentPlan.id)
    dated = query.where(tuple_(*order) > tuple_(literal(due_at), literal(plan_id)))
    both = union_all(*(part.order_by(*order).limit(most) for part in (dated, without))).subquery()
    return select(both.c.due_at, both.c.id)


def matching(tx: Session, filters: PlanFilters) -> list[ColumnElement[bool]]:
    """What a plan must be, as SQL."""
    where: list[ColumnElement[bool]] = [ALIVE]
    if filters.influencer_id:
        where.append(ContentPlan.influencer_id == filters.influencer_id)
    if filters.channel_id:
        where.append(_some(Post.channel_id == filters.channel_id))
    if filters.states:
        where.append(or_(*(_is(state) for state in filters.states)))
    if filters.when != "any":
        where.append(ContentPlan.due_at.is_not(None) if filters.when == "dated" else ContentPlan.due_at.is_(None))
    if filters.text.strip():
        where.append(search.having(tx, filters.text))
    if filters.first:
        where.append(ContentPlan.wall >= datetime.combine(filters.first, time()))
    if filters.last:
        where.append(ContentPlan.wall < datetime.combine(filters.last, time()) + timedelta(days=1))
    if filters.today:
        where.append(_today(tx))
    if filters.face_below:
        where.append(faces.below())
    if filters.series:
        where.append(ContentPlan.request_key.startswith(filters.series, autoescape=True))
    return where


def _today(tx: Session) -> ColumnElement[bool]:
    """Each plan's own today, by its own clock."""
    days: list[ColumnElement[bool]] = []
    for zone in tx.scalars(select(ContentPlan.zone).where(ALIVE).distinct()):
        start = wall_in(now(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
        days.append(and_(ContentPlan.zone == zone, ContentPlan.wall >= start, ContentPlan.wall < start + timedelta(days=1)))
    return or_(*days) if days else false()


def _some(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id, *where)


def _is(state: PostState) -> ColumnElement[bool]:
    """The aggregate, in SQL: a post is in this state and none in one that outranks it."""
    outranked = rules.before(state)
    found = and_(_some(Post.state == state), *([~_some(Post.state.in_(outranked))] if outranked else []))
    return or_(found, ~_some()) if state is PostState.DRAFT else found


def attempts(tx: Session, post_id: str, *, take: int = 20) -> list[AttemptCard]:
    """The latest tries to publish it, newest first."""
    query = select(PostAttempt).where(PostAttempt.post_id == post_id).order_by(PostAttempt.n.desc()).limit(take)
    same = ("id", "n", "outcome", "phase", "code", "said", "sent", "created_at", "ended_at")
    return [AttemptCard(**{name: getattr(row, name) for name in same}) for row in tx.scalars(query)]


def counts(tx: Session, states: Sequence[PostState], *, influencer_id: str = "") -> dict[PostState, int]:
    """Plans that are not deleted by the state they are in together (`rules.aggregate`), of all influencers or of one."""
    order = list(PostState)
    rank = case(*((Post.state == state, n) for n, state in enumerate(order)))
    mine = [ContentPlan.influencer_id == influencer_id] if influencer_id else []
    together = func.coalesce(func.min(rank), order.index(PostState.DRAFT)).label("rank")
    plans = select(together).select_from(ContentPlan).outerjoin(Post, Post.plan_id == ContentPlan.id)
    each = plans.where(ALIVE, *mine).group_by(ContentPlan.id).subquery()
    found = {order[n]: many for n, many in tx.execute(select(each.c.rank, func.count()).group_by(each.c.rank))}
    return {state: found.get(state, 0) for state in states}


def _posts() -> Select[Post, str, str]:
    return (
        select(Post, Channel.name, Channel.platform)
        .join(Channel, Channel.id == Post.channel_id)
        .execution_options(populate_existing=True)
    )


def _post(row: Post, channel_name: str, platform: str) -> PostCard:
    same = (
        "id", "plan_id", "channel_id", "format", "caption", "title", "edits", "cover_id", "first_comment", "alt_texts",
        "privacy", "options", "due_at", "held_from", "held_by", "note", "error_code", "error", "phase", "tries", "not_before",
        "job_id", "remote_id", "url", "published_at", "by_hand", "approved_by", "approved_at", "updated_at",
    )  # fmt: skip
    return PostCard(
        **{name: getattr(row, name) for name in same}, state=PostState(row.state), hashtags=tuple(row.hashtags),
        media=tuple(row.media), channel_name=channel_name, platform=platform,
    )  # fmt: skip


def _plan(row: ContentPlan, influencer: str, posts: tuple[PostCard, ...]) -> PlanCard:
    same = (
        "id", "influencer_id", "topic", "notes", "wall", "zone", "due_at", "repurposed_from", "version", "created_at",
        "updated_at", "deleted_at",
    )  # fmt: skip
    state = rules.aggregate(one.state for one in posts)
    return PlanCard(**{name: getattr(row, name) for name in same}, influencer_name=influencer, posts=posts, state=state)
