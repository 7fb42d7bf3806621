"""Undo of what moved posts to other states: submitted, sent back, held, released, taken off the schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.content_plans import undo_entries
from backend.content_plans.schemas import Outcome, PlanCard, PostCard
from backend.content_plans.transitions import must_move
from backend.db.tables import Post, PostState
from backend.errors import Conflict
from backend.language import tr_lazy

S = PostState
_RESTORED = ("held_from", "held_by", "note", "error", "error_code", "approved_by")


def record(
    tx: Session, cards: Mapping[str, PlanCard], outcome: Outcome, plan_ids: Sequence[str], sentence_for: Callable[[int], str]
) -> None:
    """Adds the undo entry of plans whose posts were moved to `outcome`. `cards`: as they were before; `plan_ids`: those that
    were moved; `sentence_for`: the sentence for so many."""
    states = select(Post.plan_id, Post.id, Post.state).where(Post.plan_id.in_(plan_ids)).order_by(Post.id)
    after: dict[str, dict[str, str]] = {}
    for plan_id, post_id, state in tx.execute(states):
        after.setdefault(plan_id, {})[post_id] = state
    plans = []
    for plan_id in plan_ids:
        moved = {
            post.id: {**_before(post), "to": after[plan_id][post.id]}
            for post in cards[plan_id].posts
            if after.get(plan_id, {}).get(post.id, post.state) != post.state
        }
        if moved:
            plans.append({"id": plan_id, "posts": moved})
    if plans:
        outcome.undo_entries.append(undo_entries.record(tx, "states", sentence_for(len(plans)), len(plans), {"plans": plans}))


def _before(post: PostCard) -> dict[str, Any]:
    approved_at = post.approved_at.isoformat() if post.approved_at else None
    return {"from": post.state.value, "approved_at": approved_at, **{name: getattr(post, name) for name in _RESTORED}}


def move_back(tx: Session, posts: Sequence[Post], moved: Mapping[str, dict[str, Any]]) -> bool:
    """`posts`: of a plan, locked; `moved`: by post, as `record` wrote it. Returns whether some were scheduled before, and are
    approved now. Raises Conflict (one of them is elsewhere by now)."""
    by_id = {post.id: post for post in posts}
    if any(post_id not in by_id or by_id[post_id].state != was["to"] for post_id, was in moved.items()):
        raise Conflict(tr_lazy("This post was changed again since, so it stays as it is now."))
    for post_id, was in moved.items():
        values = {name: was[name] for name in _RESTORED if name in was}
        values["approved_at"] = datetime.fromisoformat(was["approved_at"]) if was["approved_at"] else None
        state, target = S(was["to"]), S(was["from"])
        if target in (S.FAILED, S.MISSED):  # it is not tried again by itself: what failed is a draft that says so
            target = S.DRAFT
        if target == S.SCHEDULED:
            target = S.APPROVED
        if target != S.ON_HOLD:
            values |= {"held_from": "", "held_by": ""}
        if state == S.SCHEDULED and target not in (S.IN_REVIEW, S.APPROVED, S.ON_HOLD):
            must_move(tx, post_id, state, S.APPROVED)
            state = S.APPROVED
        if state != target:
            must_move(tx, post_id, state, target, **values)
    return any(was["from"] == S.SCHEDULED for was in moved.values())
