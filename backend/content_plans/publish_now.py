"""Publish now: posts of a plan are scheduled for this moment, by the same rules as any other schedule."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.content_plans import checks, posting_rules, queries, schedule
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, require_unchanged
from backend.content_plans.schemas import PlanCard, PostCard
from backend.content_plans.times import to_local_time
from backend.content_plans.transitions import must_move, update_in_state
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Conflict, Invalid, NotFound, Refused
from backend.language import joined, tr_lazy

S = PostState
_NOT_SENDABLE = {
    S.PUBLISHED: tr_lazy("It is published already."),
    S.PUBLISHING: tr_lazy("The studio is publishing it right now."),
    S.UNKNOWN: tr_lazy("We could not confirm this post. Check the account first, then say whether it is there."),
}


def schedule_now(
    tx: Session, plan_id: str, post_id: str = "", *, approve: bool = False, expected: ExpectedPlans = ANY_VERSION
) -> list[PostCard]:
    """Schedules the plan's unpublished posts (or the one given) for this moment, with the count of tries reset.

    `approve`: the caller approves posts that still need it. The plan's own date becomes now unless another of its posts is
    published already. Raises NotFound, Invalid (nothing to send; the platform would refuse it), Conflict (it needs an
    approval, is on hold, paused or published), ChangedSince.
    """
    require_unchanged(tx, plan_id, expected)
    schedule.lock_posts(tx, plan_id)
    card = queries.get(tx, plan_id)
    posts = _sendable_posts(card, post_id)
    _require_sendable(tx, card, posts, approve=approve)
    for post in posts:
        _schedule_post_now(tx, post, approve=approve)
    if len(posts) == len(card.posts):
        _set_plan_date_to_now(tx, card)
    return [queries.get_post(tx, post.id) for post in posts]


def publish_now_refusal(tx: Session, card: PlanCard, post_id: str = "", *, approve: bool = False) -> str:
    """Why `schedule_now` would refuse it, as a sentence; "": it would not."""
    try:
        _require_sendable(tx, card, _sendable_posts(card, post_id), approve=approve)
    except Refused as error:
        return error.message
    return ""


def needs_approval(tx: Session, card: PlanCard) -> bool:
    """Whether one of its posts must be approved before it can be published."""
    review = posting_rules.get_rules(tx, card.influencer_id).review
    return any(_lacks_approval(post, review=review) for post in card.posts if post.state not in _NOT_SENDABLE)


def _sendable_posts(card: PlanCard, post_id: str) -> list[PostCard]:
    if card.deleted_at:
        raise NotFound(tr_lazy("This post was deleted. Restore it first, or create a new one."))
    chosen = [post for post in card.posts if post_id in ("", post.id)]
    if not chosen:
        raise (
            NotFound(tr_lazy("This post was removed from its channel."))
            if post_id
            else Invalid(tr_lazy("Choose at least one channel for it."))
        )
    waiting = [post for post in chosen if post.state not in _NOT_SENDABLE]
    if not waiting:
        raise Conflict(_NOT_SENDABLE[min(chosen, key=lambda post: list(S).index(post.state)).state])
    return waiting


def _lacks_approval(post: PostCard, *, review: bool) -> bool:
    approved = post.approved_at or post.state in (S.APPROVED, S.SCHEDULED)
    return post.state == S.IN_REVIEW or (review and not approved)


def _require_sendable(tx: Session, card: PlanCard, posts: list[PostCard], *, approve: bool) -> None:
    if switch := posting_rules.active_stop_switch(tx, card.influencer_id):
        owner = tr_lazy("this workspace") if switch == posting_rules.WORKSPACE else card.influencer_name
        raise Conflict(tr_lazy("Publishing is stopped for {owner}. Start it again first.", owner=owner))
    review = posting_rules.get_rules(tx, card.influencer_id).review
    for post in posts:
        if post.state == S.ON_HOLD:
            raise Conflict(tr_lazy("{channel_name}: the post is on hold. Resume it first.", channel_name=post.channel_name))
        if not approve and _lacks_approval(post, review=review):
            raise Conflict(
                tr_lazy(
                    "{channel_name}: somebody has to approve the post first. Send it to review.", channel_name=post.channel_name
                )
            )
    blocking = [
        tr_lazy("{channel}: {problem}", channel=post.channel_name, problem=problem.message)
        for post in posts
        for problem in checks.problems(tx, post)
        if problem.blocks
    ]
    if blocking:
        raise Invalid(joined(*dict.fromkeys(blocking)))


def _schedule_post_now(tx: Session, post: PostCard, *, approve: bool) -> None:
    values: dict[str, Any] = {"tries": 0, "not_before": None, "error": "", "error_code": "", "note": ""}
    values["due_at"] = func.clock_timestamp()
    if post.state == S.SCHEDULED:
        update_in_state(tx, post.id, S.SCHEDULED, **values)
        return
    if post.state != S.APPROVED:
        approval = {"approved_by": tx.info.get("user_id"), "approved_at": func.clock_timestamp()} if approve else {}
        must_move(tx, post.id, post.state, S.APPROVED, **approval)
    must_move(tx, post.id, S.APPROVED, S.SCHEDULED, **values)


def _set_plan_date_to_now(tx: Session, card: PlanCard) -> None:
    at = tx.scalars(select(func.date_trunc("minute", func.clock_timestamp()))).one()
    change = update(ContentPlan).where(ContentPlan.id == card.id)
    values: dict[str, Any] = {"wall": to_local_time(at, card.zone).replace(tzinfo=None), "due_at": at}
    tx.execute(change.values(**values, version=ContentPlan.version + 1, updated_at=func.clock_timestamp()))
    tx.execute(update(Post).where(Post.plan_id == card.id, Post.due_at.is_(None)).values(due_at=at))
