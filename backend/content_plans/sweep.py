"""What the scheduler does for posts, across workspaces: `tx` is a dispatch transaction. Several schedulers may run at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String, bindparam, func, select, update
from sqlalchemy.orm import Session

from backend.content_plans.rules import MISSED_AFTER
from backend.content_plans.times import due_time_sql, to_instant
from backend.content_plans.transitions import in_state, move
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Invalid
from backend.language import tr_lazy

BATCH_SIZE = 200
MISSED_MESSAGE = tr_lazy("Nobody posted it in the 48 hours after its time. Choose a new one, or say that you posted it.")


def mark_missed(tx: Session) -> list[str]:
    """Marks scheduled posts as missed MISSED_AFTER their time: nothing is published that late without a person. Returns ids."""
    late = select(Post.id).where(in_state(PostState.SCHEDULED), Post.due_at < func.statement_timestamp() - MISSED_AFTER)
    post_ids = tx.scalars(late.order_by(Post.due_at).limit(BATCH_SIZE).with_for_update(skip_locked=True)).all()
    reason = {"error_code": "late", "error": MISSED_MESSAGE}
    return [post_id for post_id in post_ids if move(tx, post_id, PostState.SCHEDULED, PostState.MISSED, **reason) is not None]


def recompute_due_times(tx: Session, *, after: str = "", take: int = 1000) -> tuple[str, int]:
    """Computes `due_at` of future plans again from local time and zone, in id order, because time zone rules change.

    Returns (last id looked at, "" when all are done; how many changed). A plan whose zone no longer exists keeps its instant.
    """
    plan = ContentPlan
    ahead = select(plan.id, plan.tenant_id, plan.wall, plan.zone, plan.due_at).where(
        plan.id > after, plan.due_at > func.clock_timestamp(), plan.deleted_at.is_(None)
    )
    rows = tx.execute(ahead.order_by(plan.id).limit(take).with_for_update(skip_locked=True)).all()
    moved = [
        {"tenant": row.tenant_id, "plan": row.id, "at": at}
        for row in rows
        if row.wall and (at := _instant_or_none(row.wall, row.zone)) not in (None, row.due_at)
    ]
    if moved:
        tenant_id, plan_id = bindparam("tenant", type_=String), bindparam("plan", type_=String)
        new_due_at = bindparam("at", type_=DateTime(timezone=True))
        plans = update(plan).where(plan.tenant_id == tenant_id, plan.id == plan_id).values(due_at=new_due_at)
        posts = update(Post).where(Post.tenant_id == tenant_id, Post.plan_id == plan_id).values(due_at=due_time_sql(new_due_at))
        for statement in (plans, posts):
            tx.connection().execute(statement, moved)  # executemany: the driver sends all rows in one pipeline
    return (rows[-1].id if len(rows) == take else ""), len(moved)


def _instant_or_none(local_time: datetime, zone: str) -> datetime | None:
    """The instant of a local time by today's rules; None: the zone no longer exists."""
    try:
        return to_instant(local_time, zone).at
    except Invalid:
        return None
