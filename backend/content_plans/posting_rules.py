"""What an influencer wants of posts, and the stop switches: one for an influencer, one for the workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, influencers
from backend.content_plans.schemas import RulesCard, RulesDraft
from backend.content_plans.slots import Slot
from backend.content_plans.transitions import move
from backend.db.tables import ContentPlan, Post, PostingRule, PostingSlot, PostState
from backend.kit.ids import new_id

WORKSPACE = "workspace"
S = PostState
_PASSED = "Its time passed while publishing was stopped. Choose a new one, or post it yourself and say so."


def of(tx: Session, influencer_id: str) -> RulesCard:
    """With defaults when nobody has said anything. Raises NotFound."""
    influencers.get(tx, influencer_id)
    rows = {row.scope: row for row in tx.scalars(select(PostingRule).where(PostingRule.scope.in_([influencer_id, WORKSPACE])))}
    mine, all_of_us = rows.get(influencer_id), rows.get(WORKSPACE)
    said = {name: getattr(mine, name) for name in ("policy", "first_n", "gap_minutes", "cooldown_days")} if mine else {}
    draft = RulesDraft(**said)
    slots = select(PostingSlot).where(PostingSlot.influencer_id == influencer_id).order_by(PostingSlot.weekday, PostingSlot.at)
    return RulesCard(
        influencer_id=influencer_id, policy=draft.policy, first_n=draft.first_n, gap_minutes=draft.gap_minutes,
        cooldown_days=draft.cooldown_days, slots=tuple(Slot(row.weekday, row.at) for row in tx.scalars(slots)),
        stopped_at=mine.stopped_at if mine else None, stopped_by_workspace=all_of_us.stopped_at if all_of_us else None,
        approved=_approved(tx, influencer_id),
    )  # fmt: skip


def _approved(tx: Session, influencer_id: str) -> int:
    """By people, and still good: an edit that reopened the review took the approval away."""
    mine = select(func.count()).select_from(Post).join(ContentPlan, ContentPlan.id == Post.plan_id)
    return tx.scalar(mine.where(ContentPlan.influencer_id == influencer_id, Post.approved_by.is_not(None))) or 0


def save(tx: Session, influencer_id: str, draft: RulesDraft) -> RulesCard:
    """Holds for what is scheduled from now on; what is scheduled already stays. Raises NotFound."""
    influencers.get(tx, influencer_id)
    values = draft.model_dump(exclude={"slots"})
    _put(tx, influencer_id, **values)
    tx.execute(delete(PostingSlot).where(PostingSlot.influencer_id == influencer_id))
    for slot in draft.slots:
        row = {"id": new_id("slot"), "influencer_id": influencer_id, "weekday": slot.weekday, "at": slot.at}
        tx.execute(insert(PostingSlot).values(**row).on_conflict_do_nothing())
    events.record(tx, "posting.rules", "influencer", influencer_id, values)
    return of(tx, influencer_id)


def workspace_stopped(tx: Session) -> bool:
    row = tx.get(PostingRule, (tx.info["tenant_id"], WORKSPACE), populate_existing=True)
    return bool(row and row.stopped_at)


def active_stop_switch(tx: Session, influencer_id: str) -> str:
    """Which switch is on: `workspace`, the influencer's id, or none (empty)."""
    found = select(PostingRule.scope).where(
        PostingRule.scope.in_([influencer_id, WORKSPACE]), PostingRule.stopped_at.is_not(None)
    )
    on = set(tx.scalars(found))
    return WORKSPACE if WORKSPACE in on else influencer_id if on else ""


def stop(tx: Session, influencer_id: str = "") -> int:
    """Holds everything that is scheduled, of one influencer or (empty) of the whole workspace. Returns how many posts.

    The clockwork looks at the switch as well, so what is scheduled in the same moment waits too.
    """
    scope = influencer_id or WORKSPACE
    if influencer_id:
        influencers.get(tx, influencer_id)
    _put(tx, scope, stopped_at=func.clock_timestamp(), stopped_by=tx.info.get("user_id"))
    scheduled = _of(influencer_id).where(Post.state == S.SCHEDULED)
    held = sum(
        move(tx, one, S.SCHEDULED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=scope) is not None
        for one in tx.scalars(scheduled.order_by(Post.id).with_for_update(of=Post)).all()
    )
    events.record(tx, "posting.stopped", "workspace" if scope == WORKSPACE else "influencer", _noun(tx, scope), {"held": held})
    return held


def resume(tx: Session, influencer_id: str = "") -> tuple[int, int]:
    """Lets go what this switch holds. Returns (scheduled again, missed because their time has passed)."""
    scope = influencer_id or WORKSPACE
    _put(tx, scope, stopped_at=None, stopped_by=None)
    back = missed = 0
    rows = tx.execute(
        select(Post.id, Post.held_from, ContentPlan.influencer_id, (Post.due_at <= func.clock_timestamp()).label("late"))
        .join(ContentPlan, ContentPlan.id == Post.plan_id)
        .where(Post.state == S.ON_HOLD, Post.held_by == scope)
        .order_by(Post.id)
        .with_for_update(of=Post)
    ).all()
    for post_id, held_from, owner, late in rows:
        if other := active_stop_switch(tx, owner):
            tx.get_one(Post, post_id, populate_existing=True).held_by = other
        elif late:
            missed += move(tx, post_id, S.ON_HOLD, S.MISSED, error_code="stopped", error=_PASSED) is not None
        else:
            back += move(tx, post_id, S.ON_HOLD, PostState(held_from)) is not None
    tx.flush()
    noun = "workspace" if scope == WORKSPACE else "influencer"
    events.record(tx, "posting.resumed", noun, _noun(tx, scope), {"scheduled": back, "missed": missed})
    return back, missed


def _noun(tx: Session, scope: str) -> str:
    return str(tx.info["tenant_id"]) if scope == WORKSPACE else scope


def _of(influencer_id: str) -> Select[str]:
    query = select(Post.id).join(ContentPlan, ContentPlan.id == Post.plan_id)
    return query.where(ContentPlan.influencer_id == influencer_id) if influencer_id else query


def _put(tx: Session, scope: str, **values: Any) -> None:
    values["updated_at"] = func.clock_timestamp()
    row = {"scope": scope, "influencer_id": None if scope == WORKSPACE else scope, **values}
    tx.execute(insert(PostingRule).values(**row).on_conflict_do_update(index_elements=["tenant_id", "scope"], set_=values))
