"""Reading plans and their posts: a fixed number of SQL statements, however many there are.

Text is searched in topics, captions and hashtags. Each typed word must be the beginning of a word there, all of them in the
topic or all in the same post. What is typed with characters other than letters and digits (`50%`, `snake_case`, an emoji) must
occur literally, whatever it means to LIKE or to a text search.
"""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.content_plans import faces, rules
from backend.content_plans.schemas import AttemptCard, PlanCard, PlanFilters, PlanPage, PostCard
from backend.content_plans.times import to_local_time
from backend.db.tables import Channel, ContentPlan, Influencer, Post, PostAttempt, PostState
from backend.errors import NotFound
from backend.kit.clock import now
from backend.language import tr_lazy

MAX_SEARCH_COUNT = 1000
"""The total of a search stops here: counting all matches would take longer than finding the page."""
NOT_DELETED = ContentPlan.deleted_at.is_(None)
MAX_INDEXED_MATCHES = 3000
"""Up to so many matches are looked up by id; for more, Postgres walks the list in order and filters until the page is full."""
_MAX_WORDS = 20
_PUNCTUATION_TO_SPACES = str.maketrans(dict.fromkeys(string.punctuation, " "))


def get(tx: Session, plan_id: str) -> PlanCard:
    """The plan, also a deleted one (`deleted_at` is set then). Raises NotFound."""
    plan_cards = get_many(tx, [plan_id])
    if not plan_cards:
        raise NotFound(tr_lazy("This post does not exist here. It may have been made in another workspace."))
    return plan_cards[0]


def get_existing(tx: Session, plan_id: str) -> PlanCard:
    """The plan; raises NotFound also for a deleted one."""
    card = get(tx, plan_id)
    if card.deleted_at:
        raise NotFound(tr_lazy("This post was deleted. Restore it first, or create a new one."))
    return card


def find_by_request_key(tx: Session, request_key: str) -> PlanCard | None:
    """The plan that was created with this key."""
    plan_id = tx.scalar(select(ContentPlan.id).where(ContentPlan.request_key == request_key))
    return get(tx, plan_id) if plan_id else None


def plan_ids_of_texts(tx: Session, text_ids: Sequence[str]) -> dict[str, str]:
    """Text id -> id of the newest plan that was made from it and is not deleted."""
    if not text_ids:
        return {}
    query = select(ContentPlan.text_id, ContentPlan.id).where(ContentPlan.text_id.in_(text_ids), NOT_DELETED)
    return {str(text_id): plan_id for text_id, plan_id in tx.execute(query.order_by(ContentPlan.id))}


def get_post(tx: Session, post_id: str) -> PostCard:
    """Raises NotFound."""
    row = tx.execute(_posts_query().where(Post.id == post_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This post does not exist here. It may have been removed."))
    return _post_card(*row)


def plan_id_of(tx: Session, post_id: str) -> str:
    """The id of the post's plan; "" when the post is gone or its plan deleted."""
    query = select(Post.plan_id).join(ContentPlan, ContentPlan.id == Post.plan_id).where(Post.id == post_id, NOT_DELETED)
    return tx.scalar(query) or ""


def get_many(tx: Session, plan_ids: Sequence[str]) -> list[PlanCard]:
    """The plans that exist, in the order of `plan_ids`; deleted ones too."""
    if not plan_ids:
        return []
    plans = select(ContentPlan, Influencer.name).join(Influencer, Influencer.id == ContentPlan.influencer_id)
    rows = tx.execute(plans.where(ContentPlan.id.in_(plan_ids)).execution_options(populate_existing=True)).all()
    posts: dict[str, list[PostCard]] = defaultdict(list)
    for row in tx.execute(_posts_query().where(Post.plan_id.in_(plan_ids)).order_by(Channel.name, Post.id)):
        posts[row[0].plan_id].append(_post_card(*row))
    cards_by_id = {plan.id: _plan_card(plan, name, tuple(posts[plan.id])) for plan, name in rows}
    return [cards_by_id[plan_id] for plan_id in plan_ids if plan_id in cards_by_id]


def first_media(tx: Session, plan_ids: Collection[str]) -> dict[str, str]:
    """Plan id -> asset id of the first picture or video of its first post that has one, of plans that are not deleted."""
    if not plan_ids:
        return {}
    query = (
        select(Post.plan_id, Post.media)
        .ext(distinct_on(Post.plan_id))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(Post.plan_id.in_(plan_ids), func.jsonb_array_length(Post.media) > 0, NOT_DELETED)
        .order_by(Post.plan_id, Post.id)
    )
    return {plan_id: media[0] for plan_id, media in tx.execute(query)}


def page(
    tx: Session, filters: PlanFilters | None = None, *, cursor: str | None = None, take: int = 50, skip: int = 0
) -> PlanPage:
    """A page of plans by date (those without one last), then by age. `total` of a search stops at MAX_SEARCH_COUNT.

    `cursor`: id of the last plan of the page before; `skip` is the slow alternative. Raises NotFound: the cursor is gone.
    """
    filters = filters or PlanFilters()
    where = filter_conditions(tx, filters)
    order = (ContentPlan.due_at, ContentPlan.id)
    query = select(*order).where(*where)
    if cursor:
        last = tx.execute(select(*order).where(ContentPlan.id == cursor)).first()
        if last is None:
            raise NotFound(tr_lazy("The place in this list is not known any more. Start from the beginning."))
        query = _page_after(query, last.due_at, last.id, skip + take + 1)
    ids = [row.id for row in tx.execute(query.order_by("due_at", "id").limit(take + 1).offset(skip))]
    matches = select(literal(1)).select_from(ContentPlan).where(*where)
    if filters.text.strip():
        matches = matches.limit(MAX_SEARCH_COUNT)
    total = tx.scalar(select(func.count()).select_from(matches.subquery())) or 0
    plan_cards = get_many(tx, ids[:take])
    return PlanPage(plan_cards, total, plan_cards[-1].id if len(ids) > take else None)


def _page_after(
    query: Select[datetime | None, str], due_at: datetime | None, plan_id: str, limit: int
) -> Select[datetime | None, str]:
    """Plans after this one. Those with and without a date are separate queries, so that each is a range scan of the index."""
    undated = query.where(ContentPlan.due_at.is_(None))
    if due_at is None:
        return undated.where(ContentPlan.id > plan_id)
    order = (ContentPlan.due_at, ContentPlan.id)
    dated = query.where(tuple_(*order) > tuple_(literal(due_at), literal(plan_id)))
    both = union_all(*(part.order_by(*order).limit(limit) for part in (dated, undated))).subquery()
    return select(both.c.due_at, both.c.id)


def filter_conditions(tx: Session, filters: PlanFilters) -> list[ColumnElement[bool]]:
    """SQL conditions on ContentPlan."""
    where: list[ColumnElement[bool]] = [NOT_DELETED]
    if filters.influencer_id:
        where.append(ContentPlan.influencer_id == filters.influencer_id)
    if filters.channel_id:
        where.append(_has_post(Post.channel_id == filters.channel_id))
    if filters.states:
        where.append(or_(*(_aggregate_is(state) for state in filters.states)))
    if filters.when != "any":
        where.append(ContentPlan.due_at.is_not(None) if filters.when == "dated" else ContentPlan.due_at.is_(None))
    if filters.text.strip():
        where.append(matches_text(tx, filters.text))
    if filters.first:
        where.append(ContentPlan.wall >= datetime.combine(filters.first, time()))
    if filters.last:
        where.append(ContentPlan.wall < datetime.combine(filters.last, time()) + timedelta(days=1))
    if filters.today:
        where.append(_is_today(tx))
    if filters.face_below:
        where.append(faces.below_threshold())
    if filters.campaign_id:
        where.append(ContentPlan.campaign_id == filters.campaign_id)
    if filters.series:
        where.append(ContentPlan.request_key.startswith(filters.series, autoescape=True))
    return where


def _is_today(tx: Session) -> ColumnElement[bool]:
    """Today by each plan's own time zone."""
    days: list[ColumnElement[bool]] = []
    for zone in tx.scalars(select(ContentPlan.zone).where(NOT_DELETED).distinct()):
        start = to_local_time(now(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
        days.append(and_(ContentPlan.zone == zone, ContentPlan.wall >= start, ContentPlan.wall < start + timedelta(days=1)))
    return or_(*days) if days else false()


def _has_post(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id, *where)


def _aggregate_is(state: PostState) -> ColumnElement[bool]:
    """`rules.aggregate` in SQL: a post is in this state and none in one that outranks it."""
    outranked = rules.outranking_states(state)
    condition = and_(_has_post(Post.state == state), *([~_has_post(Post.state.in_(outranked))] if outranked else []))
    return or_(condition, ~_has_post()) if state is PostState.DRAFT else condition


def list_attempts(tx: Session, post_id: str, *, take: int = 20) -> list[AttemptCard]:
    """The latest attempts to publish it, newest first."""
    query = select(PostAttempt).where(PostAttempt.post_id == post_id).order_by(PostAttempt.n.desc()).limit(take)
    fields = ("id", "n", "outcome", "phase", "code", "said", "sent", "created_at", "ended_at")
    return [AttemptCard(**{name: getattr(row, name) for name in fields}) for row in tx.scalars(query)]


def count_by_state(tx: Session, states: Sequence[PostState], *, influencer_id: str = "") -> dict[PostState, int]:
    """How many plans are in each state (`rules.aggregate` of their posts), of all influencers or of one. Deleted ones are
    not counted."""
    order = list(PostState)
    rank = case(*((Post.state == state, n) for n, state in enumerate(order)))
    of_influencer = [ContentPlan.influencer_id == influencer_id] if influencer_id else []
    plan_rank = func.coalesce(func.min(rank), order.index(PostState.DRAFT)).label("rank")
    plans = select(plan_rank).select_from(ContentPlan).outerjoin(Post, Post.plan_id == ContentPlan.id)
    each = plans.where(NOT_DELETED, *of_influencer).group_by(ContentPlan.id).subquery()
    plans_by_state = {order[n]: count for n, count in tx.execute(select(each.c.rank, func.count()).group_by(each.c.rank))}
    return {state: plans_by_state.get(state, 0) for state in states}


def _posts_query() -> Select[Post, str, str]:
    return (
        select(Post, Channel.name, Channel.platform)
        .join(Channel, Channel.id == Post.channel_id)
        .execution_options(populate_existing=True)
    )


def _post_card(row: Post, channel_name: str, platform: str) -> PostCard:
    fields = (
        "id",
        "plan_id",
        "channel_id",
        "format",
        "caption",
        "title",
        "edits",
        "cover_id",
        "first_comment",
        "alt_texts",
        "privacy",
        "options",
        "due_at",
        "held_from",
        "held_by",
        "note",
        "error_code",
        "error",
        "phase",
        "tries",
        "not_before",
        "job_id",
        "remote_id",
        "url",
        "published_at",
        "by_hand",
        "approved_by",
        "approved_at",
        "updated_at",
    )
    return PostCard(
        **{name: getattr(row, name) for name in fields},
        state=PostState(row.state),
        hashtags=tuple(row.hashtags),
        media=tuple(row.media),
        channel_name=channel_name,
        platform=platform,
    )


def _plan_card(row: ContentPlan, influencer_name: str, posts: tuple[PostCard, ...]) -> PlanCard:
    fields = (
        "id",
        "influencer_id",
        "topic",
        "notes",
        "wall",
        "zone",
        "due_at",
        "repurposed_from",
        "text_id",
        "version",
        "created_at",
        "updated_at",
        "deleted_at",
        "campaign_id",
    )
    state = rules.aggregate(post.state for post in posts)
    return PlanCard(**{name: getattr(row, name) for name in fields}, influencer_name=influencer_name, posts=posts, state=state)


@dataclass(frozen=True, slots=True)
class ParsedSearch:
    """`words`: text of a tsquery, "" where nothing typed is a word. `like_patterns`: for LIKE on lower-cased text."""

    words: str
    like_patterns: tuple[str, ...]


def parse_search(text: str) -> ParsedSearch:
    typed = text.replace("\x00", " ").split()[:_MAX_WORDS]
    words = [word for word in " ".join(typed).translate(_PUNCTUATION_TO_SPACES).split() if any(map(_is_word_character, word))]
    pieces = [piece for piece in typed if not all(map(_is_word_character, piece.removeprefix("#") or piece))]
    return ParsedSearch(" & ".join(f"'{word}':*" for word in words), tuple(map(_like_pattern, pieces)))


def matches_text(tx: Session, text: str) -> ColumnElement[bool]:
    """SQL condition on ContentPlan. Runs one statement, which asks the text index whether few or many plans match."""
    search = parse_search(text)
    if search.words:
        plan_ids = tx.scalar(
            select(func.find_plans(search.words, literal(list(search.like_patterns), ARRAY(Text)), MAX_INDEXED_MATCHES))
        )
        if plan_ids is not None:
            return ContentPlan.id == func.any(literal(list(plan_ids), ARRAY(Text)))
    in_posts = select(literal(1)).where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id)
    in_posts = in_posts.where(_contains(search, Post.search, Post.caption))
    if search.words:
        # Many matches: OFFSET 0 makes Postgres look up each plan's posts; without it all matching posts are read first.
        in_posts = in_posts.offset(0)
    return or_(_contains(search, ContentPlan.search, ContentPlan.topic), in_posts.exists())


def _contains(
    search: ParsedSearch, words: InstrumentedAttribute[str | None], text: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    of_pieces = [func.lower(text).like(func.lower(pattern)) for pattern in search.like_patterns]
    of_words = [words.bool_op("@@")(func.to_tsquery("simple", search.words))] if search.words else []
    return and_(true(), *of_words, *of_pieces)


def _is_word_character(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _like_pattern(piece: str) -> str:
    for special in "\\%_":
        piece = piece.replace(special, f"\\{special}")
    return f"%{piece}%"
