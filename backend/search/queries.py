"""Searches all nouns in one statement, at any size.

Texts (posts, prompts of pictures, written texts, titles of jobs) are found by their words: each typed word begins one of
theirs. Their ids come from one SQL function, `find_anywhere` (`backend/db/migrations/search.py`); rows are read under row-level
security like everything else. Names (of influencers, videos, boards …) and scripts of reels are few, and are found by any part
of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    DateTime,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.tables import (
    Board,
    Channel,
    Clip,
    ContentPlan,
    Dataset,
    Influencer,
    Job,
    Lora,
    Membership,
    Picture,
    Post,
    Reel,
    TextDraft,
    Track,
    User,
)
from backend.search.rules import SearchTerms, name_rank, parse_terms
from backend.search.schemas import NOUNS, SearchHit

MAX_TAKE = 20
_TITLE_LENGTH = 200
_BY_WORDS = ("post", "picture", "text", "job")


def search(tx: Session, words: str, *, take: int = 5) -> list[SearchHit]:
    """At most `take` (up to MAX_TAKE) of each noun, in the order of NOUNS: names by how early what was typed stands in them,
    the rest newest first. One statement; nothing is found where nothing was typed. What is in the trash, archived or a part of
    something else is left out."""
    terms = parse_terms(words)
    if not terms.pieces:
        return []
    values = {
        "words": terms.words,
        "patterns": terms.patterns,
        "take": max(1, min(take, MAX_TAKE)),
        "first": terms.pieces[0],
        "workspace": tx.info["tenant_id"],
    }
    hits = [SearchHit(*row) for row in tx.execute(_statement(), values)]
    return sorted(hits, key=lambda hit: _sort_key(hit, terms))


def _sort_key(hit: SearchHit, terms: SearchTerms) -> tuple[Any, ...]:
    newest_first = tuple(-ord(character) for character in hit.id)
    rank = (newest_first,) if hit.noun in _BY_WORDS else (name_rank(hit.title, terms), newest_first)
    return (NOUNS.index(hit.noun), *rank)


@cache
def _statement() -> CompoundSelect[Any]:
    of_words = func.find_anywhere(bindparam("words", type_=Text), bindparam("take", type_=Integer)).table_valued(
        column("noun", Text), column("noun_id", Text), name="of_words"
    )
    matches = select(of_words.c.noun, of_words.c.noun_id).distinct().cte("matches").prefix_with("MATERIALIZED")
    first_post = select(Post.caption, Post.state, Post.media).where(Post.plan_id == ContentPlan.id)
    post = first_post.where(Post.tenant_id == ContentPlan.tenant_id).order_by(Post.id).limit(1).lateral("post")
    plans = (
        _columns(
            "post",
            ContentPlan.id,
            func.coalesce(func.nullif(ContentPlan.topic, ""), post.c.caption, ""),
            subtitle=Influencer.name,
            state=post.c.state,
            asset_id=post.c.media.op("->>")(0),
            at=ContentPlan.due_at,
        )
        .join(matches, (matches.c.noun == "post") & (matches.c.noun_id == ContentPlan.id))
        .join(Influencer, Influencer.id == ContentPlan.influencer_id)
        .outerjoin(post, literal(True))
        .where(ContentPlan.deleted_at.is_(None))
        .order_by(ContentPlan.id.desc())
    )
    pictures = (
        _columns(
            "picture",
            Picture.id,
            Picture.prompt,
            subtitle=Influencer.name,
            asset_id=Picture.asset_id,
            at=Picture.created_at,
        )
        .join(matches, (matches.c.noun == "picture") & (matches.c.noun_id == Picture.id))
        .outerjoin(Influencer, Influencer.id == Picture.influencer_id)
        .where(Picture.deleted_at.is_(None))
        .order_by(Picture.id.desc())
    )
    texts = (
        _columns(
            "text",
            TextDraft.id,
            TextDraft.topic,
            subtitle=func.left(TextDraft.parts.op("->>")("caption"), _TITLE_LENGTH),
            state=TextDraft.state,
            at=TextDraft.created_at,
        )
        .join(matches, (matches.c.noun == "text") & (matches.c.noun_id == TextDraft.id))
        .order_by(TextDraft.id.desc())
    )
    jobs = (
        _columns("job", Job.id, Job.title["text"].astext, state=Job.state, at=Job.created_at)
        .join(matches, (matches.c.noun == "job") & (matches.c.noun_id == Job.id))
        .order_by(Job.id.desc())
    )
    members = (
        _named("member", User.id, User.name, subtitle=User.email, at=Membership.created_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == bindparam("workspace"))  # one's own memberships elsewhere are visible too
    )
    videos = _named(
        "video",
        Clip.id,
        Clip.recipe["title"].astext,
        subtitle=Influencer.name,
        asset_id=Clip.asset_id,
        at=Clip.created_at,
    ).where(Clip.deleted_at.is_(None), Clip.asset_id.is_not(None))
    said_in_reel = Reel.title + literal(" ") + Reel.script + literal(" ") + Reel.hook + literal(" ") + Reel.caption
    reels = _named(
        "reel",
        Reel.id,
        Reel.title,
        words=said_in_reel,
        subtitle=func.coalesce(Influencer.name, func.left(Reel.script, _TITLE_LENGTH)),
        asset_id=Reel.asset_id,
        at=Reel.created_at,
    ).where(Reel.deleted_at.is_(None))
    by_name = [
        videos.outerjoin(Influencer, Influencer.id == Clip.influencer_id),
        reels.outerjoin(Influencer, Influencer.id == Reel.influencer_id),
        _named(
            "influencer", Influencer.id, Influencer.name, asset_id=Influencer.cover_asset_id, at=Influencer.created_at
        ).where(Influencer.archived_at.is_(None)),
        members,
        _named("board", Board.id, Board.name, at=Board.created_at).where(Board.deleted_at.is_(None)),
        _named("dataset", Dataset.id, Dataset.name, at=Dataset.created_at).where(Dataset.deleted_at.is_(None)),
        _named("lora", Lora.id, Lora.name, subtitle=Lora.trigger_word, at=Lora.created_at).where(Lora.deleted_at.is_(None)),
        _named(
            "channel", Channel.id, Channel.name, subtitle=Channel.platform, state=Channel.state, at=Channel.created_at
        ).where(Channel.deleted_at.is_(None)),
        _named("track", Track.id, Track.title, subtitle=Track.credit, at=Track.created_at).where(
            Track.deleted_at.is_(None), Track.asset_id.is_not(None)
        ),
    ]
    branches = [plans, pictures, texts, jobs, *by_name]
    return union_all(*(select(branch.limit(bindparam("take", type_=Integer)).subquery()) for branch in branches))


def _columns(
    noun: str,
    noun_id: InstrumentedAttribute[str],
    title: Any,
    *,
    subtitle: Any = None,
    state: Any = None,
    asset_id: Any = None,
    at: Any,
) -> Select[Any]:
    empty = literal("", Text)
    return select(
        literal(noun, Text).label("noun"),
        noun_id.label("id"),
        func.left(title, _TITLE_LENGTH).label("title"),
        (empty if subtitle is None else func.coalesce(subtitle, "")).label("subtitle"),
        (empty if state is None else func.coalesce(state, "")).label("state"),
        (cast(null(), Text) if asset_id is None else asset_id).label("asset_id"),
        cast(at, DateTime(timezone=True)).label("at"),
    )


def _named(noun: str, noun_id: InstrumentedAttribute[str], name: Any, *, words: Any = None, **more: Any) -> Select[Any]:
    """Things whose name (or `words`) has all that was typed, those first in which it stands earliest."""
    patterns = bindparam("patterns", type_=ARRAY(Text))
    lowered = func.lower(name if words is None else words)
    place = func.strpos(lowered, bindparam("first", type_=Text))
    return _columns(noun, noun_id, name, **more).where(lowered.like(func.all(patterns))).order_by(place, lowered, noun_id)
