"""Posts whose time has passed before they were put in: those of the sample influencer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend.db.tables import Post, PostState
from backend.errors import Conflict
from backend.language import tr_lazy

PastState = Literal["published", "failed", "missed"]
PAST_STATES: tuple[PastState, ...] = ("published", "failed", "missed")


def set_past_state(tx: Session, plan_ids: Sequence[str], state: PastState, *, error: str = "") -> None:
    """Takes the posts of drafts to how they ended at their time, in the caller's name; nothing is sent. No events: nothing
    happens now. `error`: why they failed or were missed, as a sentence.

    Raises Conflict (not all of them are drafts whose time has passed).
    """
    values: dict[str, Any] = {"state": PostState(state), "error": error, "updated_at": func.clock_timestamp()}
    values |= {"approved_by": tx.info.get("user_id"), "approved_at": Post.due_at}
    if state == "published":
        values["published_at"] = Post.due_at
    drafts = Post.plan_id.in_(plan_ids), Post.state == PostState.DRAFT, Post.due_at < func.clock_timestamp()
    changed = set(tx.scalars(update(Post).where(*drafts).values(**values).returning(Post.plan_id)))
    if changed != set(plan_ids):
        raise Conflict(tr_lazy("Only drafts whose time has passed can be put in as published, failed or missed."))
