"""State changes of posts: one conditional UPDATE that must touch one row, with its event in the same statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, Text, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from backend import events
from backend.content_plans.rules import STATE_LABELS
from backend.db.tables import POST_MOVES, EventRow, Post, PostState
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.language import tr_lazy


def in_state(state: PostState) -> ColumnElement[bool]:
    """Condition with the state as a literal, for the scheduler. Prepared statements get one generic plan for any parameter, and
    such a plan cannot use a partial index, whose condition must be recognised in the statement itself."""
    return Post.state == literal(state.value, literal_execute=True)


def move(
    tx: Session, post_id: str, source: PostState, target: PostState, *where: ColumnElement[bool], **values: Any
) -> RowMapping | None:
    """Moves the post if it is in `source` and `where` holds; None: it was not, and nothing was written.

    Works inside a workspace and across workspaces (dispatch). The returned row: id, tenant_id, plan_id, channel_id.
    """
    assert target in POST_MOVES[source], f"{source} -> {target} is not a move"
    return _update_state(tx, post_id, source, target, where, values)


def must_move(tx: Session, post_id: str, source: PostState, target: PostState, **values: Any) -> None:
    """As `move`; raises Conflict when the post is no longer in `source`."""
    if move(tx, post_id, source, target, **values) is None:
        raise state_changed_error(source)


def update_in_state(tx: Session, post_id: str, state: PostState, **values: Any) -> None:
    """Writes values without a change of state. Raises Conflict when the post is no longer in `state`."""
    change = update(Post).where(Post.id == post_id, Post.state == state)
    if tx.execute(change.values(**values, updated_at=func.clock_timestamp()).returning(Post.id)).first() is None:
        raise state_changed_error(state)


def state_changed_error(state: PostState) -> Conflict:
    return Conflict(
        tr_lazy(
            "This post is no longer “{state}”. Load it again.",
            state=STATE_LABELS[state].lower(),
        )
    )


def _update_state(
    tx: Session, post_id: str, source: PostState, target: PostState, where: tuple[ColumnElement[bool], ...], values: Any
) -> RowMapping | None:
    cleared = {"held_from": "", "held_by": ""} if source is PostState.ON_HOLD else {}
    moved = (
        update(Post)
        .where(Post.id == post_id, Post.state == source, *where)
        .values(**{"state": target, "updated_at": func.clock_timestamp(), **cleared, **values})
        .returning(Post.id, Post.tenant_id, Post.plan_id, Post.channel_id)
        .cte("moved")
    )
    data: dict[str, Any] = {"from": source.value}
    data |= {name: values[name] for name in ("error_code", "note", "held_by", "remote_id") if values.get(name)}
    origin = events.origin_columns(tx)
    event = insert(EventRow).from_select(
        ["id", "tenant_id", "kind", "noun", "noun_id", "data", "user_id", *origin],
        select(
            literal(new_id("evt")),
            moved.c.tenant_id,
            literal(f"post.{target.value}"),
            literal("post"),
            moved.c.id,
            literal(data, JSONB),
            literal(tx.info.get("user_id"), Text),
            *(literal(value, Text) for value in origin.values()),
        ),
    )
    return tx.execute(select(moved).add_cte(event.cte("told"))).mappings().first()
