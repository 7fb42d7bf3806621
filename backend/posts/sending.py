"""What whoever publishes needs of posts: moves, the stop switches, clocks, and a post as its platform gets it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.posts.checking import request
from backend.posts.files import recipes
from backend.posts.moves import in_state, move
from backend.posts.queries import get_post
from backend.posts.rules import MISSED_AFTER
from backend.posts.ruling import WORKSPACE, stopper
from backend.posts.schemas import PostCard
from backend.posts.zones import instant, wall_in
from backend.tables import ContentPlan

__all__ = [
    "MISSED_AFTER", "WORKSPACE", "PostCard", "clock_of", "get_post", "in_state", "instant", "move", "owner_of",
    "recipes", "request", "stopper",
]  # fmt: skip


def owner_of(tx: Session, plan_id: str) -> str:
    """The influencer's id."""
    return tx.scalars(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id)).one()


def clock_of(tx: Session, plan_id: str, at: datetime) -> str:
    """`Sat 21 Nov, 18:30` as the plan's own clock shows it."""
    zone = tx.scalars(select(ContentPlan.zone).where(ContentPlan.id == plan_id)).one()
    return f"{wall_in(at, zone):%a %-d %b, %H:%M}"
