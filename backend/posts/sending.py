"""What whoever publishes needs of posts: moves, the stop switches, clocks, and a post as its platform gets it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.posts.checking import request
from backend.posts.files import recipes
from backend.posts.moves import move
from backend.posts.queries import get_post
from backend.posts.rules import MISSED_AFTER
from backend.posts.ruling import WORKSPACE, stopper
from backend.posts.schemas import PostCard
from backend.posts.zones import instant, wall_in
from backend.tables import ContentPlan

__all__ = [
    "MISSED_AFTER", "WORKSPACE", "PostCard", "get_post", "instant", "move", "owner_of", "recipes",
    "request", "stopper", "wall_in",
]  # fmt: skip


def owner_of(tx: Session, plan_id: str) -> str:
    """The influencer's id."""
    return tx.scalars(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id)).one()
