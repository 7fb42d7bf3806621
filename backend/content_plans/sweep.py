"""What the clockwork does for posts, across workspaces: `tx` is a dispatch transaction. Any number of ticks may run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String, bindparam, func, select, update
from sqlalchemy.orm import Session

from backend.content_plans.offsets import due_sql
from backend.content_plans.rules import MISSED_AFTER
from backend.content_plans.time_zones import instant
from backend.content_plans.transitions import in_state, move
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Invalid

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
    plan = ContentPlan
    ahead = select(plan.id, plan.tenant_id, plan.wall, plan.zone, plan.due_at).where(
        plan.id > after, plan.due_at > func.clock_timestamp(), plan.deleted_at.is_(None)
    )
    rows = tx.execute(ahead.order_by(plan.id).limit(take).with_for_update(skip_locked=True)).all()
    moved = [
        {"tenant": row.tenant_id, "plan": row.id, "at": at}
        for row in rows
        if row.wall and (at := _again(row.wall, row.zone)) not in (None, row.due_at)
    ]
    if moved:
        tenant_id, plan_id = bindparam("tenant", type_=String), bindparam("plan", type_=String)
        new = bindparam("at", type_=DateTime(timezone=True))
        plans = update(plan).where(plan.tenant_id == tenant_id, plan.id == plan_id).values(due_at=new)
        posts = update(Post).where(Post.tenant_id == tenant_id, Post.plan_id == plan_id).values(due_at=due_sql(new))
        for statement in (plans, posts):
            tx.connection().execute(statement, moved)  # of many rows: the driver sends them in one pipeline
    return (rows[-1].id if len(rows) == take else ""), len(moved)


def _again(wall: datetime, zone: str) -> datetime | None:
    """The instant at which that clock shows `wall` by today's rules; None: its zone is gone."""
    try:
        return instant(wall, zone).at
    except Invalid:
        return None
