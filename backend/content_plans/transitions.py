"""A post's move from one state to another: one conditional UPDATE that must touch one row, and its event with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, Text, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from backend.content_plans.rules import WORDS
from backend.db.tables import POST_MOVES, EventRow, Post, PostState
from backend.errors import Conflict
from backend.kit.ids import new_id


def in_state(state: PostState) -> ColumnElement[bool]:
    """For the clockwork: the word itself is in the statement. Workers have statements planned once for whatever values come,
    and a partial index serves only where its own word is read."""
    return Post.state == literal(state.value, literal_execute=True)


def move(
    tx: Session, post_id: str, source: PostState, target: PostState, *where: ColumnElement[bool], **values: Any
) -> RowMapping | None:
    """Moves the post if it is in `source` and `where` holds. None: it was not, and nothing was written.

    Works confined to a workspace and across them (dispatch). The row returned: id, tenant_id, plan_id, channel_id.
    """
    assert target in POST_MOVES[source], f"{source} -> {target} is not a move"
    return _written(tx, post_id, source, target, where, values)


def must_move(tx: Session, post_id: str, source: PostState, target: PostState, **values: Any) -> None:
    """As `move`; raises Conflict when the post is no longer in `source`."""
    if move(tx, post_id, source, target, **values) is None:
        raise changed(source)


def stay(tx: Session, post_id: str, state: PostState, **values: Any) -> None:
    """Writes values while the post is in `state`. Raises Conflict when it no longer is."""
    done = update(Post).where(Post.id == post_id, Post.state == state)
    if tx.execute(done.values(**values, updated_at=func.clock_timestamp()).returning(Post.id)).first() is None:
        raise changed(state)


def changed(state: PostState) -> Conflict:
    return Conflict(f"This post is no longer “{WORDS[state].lower()}”: somebody else, or the clock, was faster. Load it again.")


def _written(
    tx: Session, post_id: str, source: PostState, target: PostState, where: tuple[ColumnElement[bool], ...], values: Any
) -> RowMapping | None:
    left = {"held_from": "", "held_by": ""} if source is PostState.ON_HOLD else {}
    moved = (
        update(Post)
        .where(Post.id == post_id, Post.state == source, *where)
        .values(**{"state": target, "updated_at": func.clock_timestamp(), **left, **values})
        .returning(Post.id, Post.tenant_id, Post.plan_id, Post.channel_id)
        .cte("moved")
    )
    data: dict[str, Any] = {"from": source.value}
    data |= {name: values[name] for name in ("error_code", "note", "held_by", "remote_id") if values.get(name)}
    event = insert(EventRow).from_select(
        ["id", "tenant_id", "kind", "noun", "noun_id", "data", "user_id"],
        select(
            literal(new_id("evt")),
            moved.c.tenant_id,
            literal(f"post.{target.value}"),
            literal("post"),
            moved.c.id,
            literal(data, JSONB),
            literal(tx.info.get("user_id"), Text),
        ),
    )
    return tx.execute(select(moved).add_cte(event.cte("told"))).mappings().first()
