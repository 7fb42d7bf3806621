"""Now instead of later: posts of a plan made ready to be sent this minute, by the same rules as any that are scheduled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.content_plans import checks, posting_rules, queries, schedule
from backend.content_plans.expected_version import NOT_SAID, Shown, require
from backend.content_plans.schemas import PlanCard, PostCard
from backend.content_plans.time_zones import wall_in
from backend.content_plans.transitions import must_move, stay
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Conflict, Invalid, NotFound, Refused

S = PostState
_OVER = {
    S.PUBLISHED: "It is published already.",
    S.PUBLISHING: "The studio is publishing it right now.",
    S.UNKNOWN: "Nobody knows yet whether it is there. Look at the account and say so first.",
}


def ready_now(
    tx: Session, plan_id: str, post_id: str = "", *, approve: bool = False, shown: Shown = NOT_SAID
) -> list[PostCard]:
    """The plan's posts that are not out (or the one named), scheduled for this moment; a try begins anew to count.

    `approve`: who asks for it has looked, so posts that need an approval get theirs by it. The plan itself moves to now unless
    another of its posts is out already. Raises NotFound, Invalid (nothing to send; what the platform would refuse), Conflict
    (it needs an approval, is on hold, stopped, or out), ChangedSince.
    """
    require(tx, plan_id, shown)
    schedule.locked(tx, plan_id)
    card = queries.get(tx, plan_id)
    waiting = _waiting(card, post_id)
    _require(tx, card, waiting, approve=approve)
    for one in waiting:
        _to_now(tx, one, approve=approve)
    if len(waiting) == len(card.posts):
        _plan_to_now(tx, card)
    return [queries.get_post(tx, one.id) for one in waiting]


def why_not_now(tx: Session, card: PlanCard, post_id: str = "", *, approve: bool = False) -> str:
    """Why `ready_now` would refuse it, as a sentence; "": it would not."""
    try:
        _require(tx, card, _waiting(card, post_id), approve=approve)
    except Refused as error:
        return error.message
    return ""


def needs_approval(tx: Session, card: PlanCard) -> bool:
    """Whether a post of it can go out only after somebody has approved it."""
    review = posting_rules.of(tx, card.influencer_id).review
    return any(_unseen(one, review=review) for one in card.posts if one.state not in _OVER)


def _waiting(card: PlanCard, post_id: str) -> list[PostCard]:
    if card.deleted_at:
        raise NotFound("This plan was deleted. Take that back first, or make a new one.")
    mine = [one for one in card.posts if post_id in ("", one.id)]
    if not mine:
        raise NotFound("This post is not in its plan any more.") if post_id else Invalid("Choose at least one channel for it.")
    waiting = [one for one in mine if one.state not in _OVER]
    if not waiting:
        raise Conflict(_OVER[min(mine, key=lambda one: list(S).index(one.state)).state])
    return waiting


def _unseen(one: PostCard, *, review: bool) -> bool:
    looked = one.approved_at or one.state in (S.APPROVED, S.SCHEDULED)
    return one.state == S.IN_REVIEW or (review and not looked)


def _require(tx: Session, card: PlanCard, waiting: list[PostCard], *, approve: bool) -> None:
    if switch := posting_rules.active_stop_switch(tx, card.influencer_id):
        whose = "this workspace" if switch == posting_rules.WORKSPACE else card.influencer_name
        raise Conflict(f"Publishing is stopped for {whose}. Start it again first.")
    review = posting_rules.of(tx, card.influencer_id).review
    for one in waiting:
        if one.state == S.ON_HOLD:
            raise Conflict(f"{one.channel_name}: the post is on hold. Let it go first.")
        if not approve and _unseen(one, review=review):
            raise Conflict(f"{one.channel_name}: somebody has to approve the post first. Send it to review.")
    blocking = [f"{one.channel_name}: {found.message}" for one in waiting for found in checks.problems(tx, one) if found.blocks]
    if blocking:
        raise Invalid(" ".join(dict.fromkeys(blocking)))


def _to_now(tx: Session, one: PostCard, *, approve: bool) -> None:
    anew: dict[str, Any] = {"tries": 0, "not_before": None, "error": "", "error_code": "", "note": ""}
    anew["due_at"] = func.clock_timestamp()
    if one.state == S.SCHEDULED:
        stay(tx, one.id, S.SCHEDULED, **anew)
        return
    if one.state != S.APPROVED:
        seen = {"approved_by": tx.info.get("user_id"), "approved_at": func.clock_timestamp()} if approve else {}
        must_move(tx, one.id, one.state, S.APPROVED, **seen)
    must_move(tx, one.id, S.APPROVED, S.SCHEDULED, **anew)


def _plan_to_now(tx: Session, card: PlanCard) -> None:
    at = tx.scalars(select(func.date_trunc("minute", func.clock_timestamp()))).one()
    change = update(ContentPlan).where(ContentPlan.id == card.id)
    values: dict[str, Any] = {"wall": wall_in(at, card.zone).replace(tzinfo=None), "due_at": at}
    tx.execute(change.values(**values, version=ContentPlan.version + 1, updated_at=func.clock_timestamp()))
    tx.execute(update(Post).where(Post.plan_id == card.id, Post.due_at.is_(None)).values(due_at=at))
