"""What the clockwork does for posts, across workspaces: `tx` is a dispatch transaction. Any number of ticks may run."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.posts.moves import in_state, move
from backend.posts.rules import MISSED_AFTER
from backend.posts.staggering import due_sql
from backend.posts.zones import instant
from backend.tables import ContentPlan, Post, PostState

AT_ONCE = 200
LATE = "Nobody posted it in the 48 hours after its time. Choose a new one, or say that you posted it."


def miss(tx: Session) -> list[str]:
    """Posts whose time passed two days ago are missed: nothing goes out that late without a person. Returns their ids."""
    late = select(Post.id).where(in_state(PostState.SCHEDULED), Post.due_at < func.statement_timestamp() - MISSED_AFTER)
    found = tx.scalars(late.order_by(Post.due_at).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    said = {"error_code": "late", "error": LATE}
    return [one for one in found if move(tx, one, PostState.SCHEDULED, PostState.MISSED, **said) is not None]


def realign(tx: Session, *, after: str = "", take: int = 1000) -> tuple[str, int]:
    """Derives `due_at` anew from wall time and zone for plans still ahead, in the order of their ids: time zone rules change.

    Returns (the last id looked at, "" when that was all; how many moved). A zone that is gone keeps its last instant.
    """
    ahead = select(ContentPlan).where(
        ContentPlan.id > after, ContentPlan.due_at > func.clock_timestamp(), ContentPlan.deleted_at.is_(None)
    )
    rows = tx.scalars(ahead.order_by(ContentPlan.id).limit(take).with_for_update(skip_locked=True)).all()
    moved = 0
    for row in rows:
        assert row.wall is not None
        try:
            at = instant(row.wall, row.zone).at
        except Invalid:
            continue
        if at != row.due_at:
            moved += 1
            row.due_at = at
            tx.execute(update(Post).where(Post.tenant_id == row.tenant_id, Post.plan_id == row.id).values(due_at=due_sql(at)))
    tx.flush()
    return (rows[-1].id if len(rows) == take else ""), moved
