"""An influencer's posting rules, and the stop switches that pause publishing: one an influencer, one for the workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, influencers, undo
from backend.content_plans.schemas import PublishingSwitch, RulesCard, RulesDraft
from backend.content_plans.times import RecurringTime
from backend.content_plans.transitions import move
from backend.db.tables import ContentPlan, Post, PostingRule, PostingSlot, PostState
from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.kit.public_holidays import countries
from backend.language import tr_lazy

WORKSPACE = "workspace"
NO_HOLIDAYS = "none"
S = PostState
_TIME_PASSED = tr_lazy("Its time passed while publishing was stopped. Choose a new one, or post it yourself and say so.")


def get_rules(tx: Session, influencer_id: str) -> RulesCard:
    """The influencer's rules, with defaults for what nobody has set. Raises NotFound."""
    influencers.get(tx, influencer_id)
    rows = {row.scope: row for row in tx.scalars(select(PostingRule).where(PostingRule.scope.in_([influencer_id, WORKSPACE])))}
    influencer_rules, workspace_rules = rows.get(influencer_id), rows.get(WORKSPACE)
    values = (
        {name: getattr(influencer_rules, name) for name in ("policy", "first_n", "gap_minutes", "cooldown_days")}
        if influencer_rules
        else {}
    )
    draft = RulesDraft(**values)
    slots = select(PostingSlot).where(PostingSlot.influencer_id == influencer_id).order_by(PostingSlot.weekday, PostingSlot.at)
    return RulesCard(
        influencer_id=influencer_id,
        policy=draft.policy,
        first_n=draft.first_n,
        gap_minutes=draft.gap_minutes,
        cooldown_days=draft.cooldown_days,
        slots=tuple(RecurringTime(row.weekday, row.at) for row in tx.scalars(slots)),
        stopped_at=influencer_rules.stopped_at if influencer_rules else None,
        stopped_by_workspace=workspace_rules.stopped_at if workspace_rules else None,
        approved=_count_approved(tx, influencer_id),
        holiday_country=influencer_rules.holiday_country if influencer_rules else "",
    )


def _count_approved(tx: Session, influencer_id: str) -> int:
    """Posts approved by people. An edit that reopened the review took the approval away, so it does not count."""
    approved = select(func.count()).select_from(Post).join(ContentPlan, ContentPlan.id == Post.plan_id)
    return tx.scalar(approved.where(ContentPlan.influencer_id == influencer_id, Post.approved_by.is_not(None))) or 0


@undo.undoable("posting.rules")
def save_rules(tx: Session, influencer_id: str, draft: RulesDraft) -> RulesCard:
    """Applies to posts scheduled from now on; what is scheduled already stays. Raises NotFound."""
    influencers.get_locked(tx, influencer_id)
    values = draft.model_dump(exclude={"slots"})
    _upsert(tx, influencer_id, **values)
    tx.execute(delete(PostingSlot).where(PostingSlot.influencer_id == influencer_id))
    for slot in draft.slots:
        row = {"id": new_id("slot"), "influencer_id": influencer_id, "weekday": slot.weekday, "at": slot.at}
        tx.execute(insert(PostingSlot).values(**row).on_conflict_do_nothing())
    events.record(tx, "posting.rules", "influencer", influencer_id, values)
    return get_rules(tx, influencer_id)


def workspace_holiday_country(tx: Session) -> str:
    """The country that influencers have who have none of their own; "": by the time zone of each."""
    row = tx.get(PostingRule, (tx.info["tenant_id"], WORKSPACE), populate_existing=True)
    return row.holiday_country if row else ""


def set_holiday_country(tx: Session, country: str, influencer_id: str = "") -> None:
    """Whose public holidays the calendar shows, for one influencer or (empty) for those without a country of their own.

    `country`: ISO 3166 code, NO_HOLIDAYS, or "": as the workspace says, else by the time zone. Raises NotFound, Invalid.
    """
    if country not in ("", NO_HOLIDAYS) and country not in countries():
        raise Invalid(tr_lazy("The public holidays of this country are not known. Choose another one, or none."))
    if influencer_id:
        influencers.get(tx, influencer_id)
    noun = "influencer" if influencer_id else "workspace"
    with undo.watch(tx, "posting.holidays", influencer_id or WORKSPACE):
        _upsert(tx, influencer_id or WORKSPACE, holiday_country=country)
        events.record(tx, "posting.holidays", noun, _event_subject_id(tx, influencer_id or WORKSPACE), {"country": country})


def workspace_paused(tx: Session) -> bool:
    row = tx.get(PostingRule, (tx.info["tenant_id"], WORKSPACE), populate_existing=True)
    return bool(row and row.stopped_at)


def publishing_switch(tx: Session) -> PublishingSwitch:
    """The workspace's own, and the posts that it is about. Two statements."""
    row = tx.get(PostingRule, (tx.info["tenant_id"], WORKSPACE), populate_existing=True)
    is_scheduled, is_held = Post.state == S.SCHEDULED, (Post.state == S.ON_HOLD) & (Post.held_by == WORKSPACE)
    counts = select(func.count().filter(is_scheduled), func.count().filter(is_held)).select_from(Post)
    scheduled, held = tx.execute(counts.where(Post.state.in_((S.SCHEDULED, S.ON_HOLD)))).one()
    return PublishingSwitch(row.stopped_at if row else None, scheduled, held)


def active_stop_switch(tx: Session, influencer_id: str) -> str:
    """Scope of the switch that is on: WORKSPACE, the influencer's id, or "" for none."""
    scopes = select(PostingRule.scope).where(
        PostingRule.scope.in_([influencer_id, WORKSPACE]), PostingRule.stopped_at.is_not(None)
    )
    active = set(tx.scalars(scopes))
    return WORKSPACE if WORKSPACE in active else influencer_id if active else ""


def pause_publishing(tx: Session, influencer_id: str = "") -> int:
    """Puts scheduled posts on hold, of one influencer or (empty) of the workspace. Returns how many.

    The scheduler checks the switch too, so a post that is scheduled in the same moment is held as well.
    """
    scope = influencer_id or WORKSPACE
    if influencer_id:
        influencers.get(tx, influencer_id)
    with undo.watch(tx, "posting.pause", scope):
        _upsert(tx, scope, stopped_at=func.clock_timestamp(), stopped_by=tx.info.get("user_id"))
        scheduled = _post_ids_of(influencer_id).where(Post.state == S.SCHEDULED)
        held = sum(
            move(tx, post_id, S.SCHEDULED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=scope) is not None
            for post_id in tx.scalars(scheduled.order_by(Post.id).with_for_update(of=Post)).all()
        )
        events.record(
            tx,
            "posting.stopped",
            "workspace" if scope == WORKSPACE else "influencer",
            _event_subject_id(tx, scope),
            {"held": held},
        )
    return held


def resume_publishing(tx: Session, influencer_id: str = "") -> tuple[int, int]:
    """Releases what this switch holds. Returns (posts scheduled again, posts missed because their time has passed).
    Raises NotFound."""
    scope = influencer_id or WORKSPACE
    if influencer_id:
        influencers.get(tx, influencer_id)
    with undo.watch(tx, "posting.pause", scope):
        _upsert(tx, scope, stopped_at=None, stopped_by=None)
        scheduled = missed = 0
        rows = tx.execute(
            select(Post.id, Post.held_from, ContentPlan.influencer_id, (Post.due_at <= func.clock_timestamp()).label("late"))
            .join(ContentPlan, ContentPlan.id == Post.plan_id)
            .where(Post.state == S.ON_HOLD, Post.held_by == scope)
            .order_by(Post.id)
            .with_for_update(of=Post)
        ).all()
        for post_id, held_from, post_influencer_id, is_late in rows:
            if other_switch := active_stop_switch(tx, post_influencer_id):
                tx.get_one(Post, post_id, populate_existing=True).held_by = other_switch
            elif is_late:
                missed += move(tx, post_id, S.ON_HOLD, S.MISSED, error_code="stopped", error=_TIME_PASSED) is not None
            else:
                scheduled += move(tx, post_id, S.ON_HOLD, PostState(held_from)) is not None
        tx.flush()
        noun = "workspace" if scope == WORKSPACE else "influencer"
        events.record(tx, "posting.resumed", noun, _event_subject_id(tx, scope), {"scheduled": scheduled, "missed": missed})
    return scheduled, missed


def _event_subject_id(tx: Session, scope: str) -> str:
    return str(tx.info["tenant_id"]) if scope == WORKSPACE else scope


def _post_ids_of(influencer_id: str) -> Select[str]:
    query = select(Post.id).join(ContentPlan, ContentPlan.id == Post.plan_id)
    return query.where(ContentPlan.influencer_id == influencer_id) if influencer_id else query


def _upsert(tx: Session, scope: str, **values: Any) -> None:
    values["updated_at"] = func.clock_timestamp()
    row = {"scope": scope, "influencer_id": None if scope == WORKSPACE else scope, **values}
    tx.execute(insert(PostingRule).values(**row).on_conflict_do_update(index_elements=["tenant_id", "scope"], set_=values))
