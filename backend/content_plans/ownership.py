"""What whoever publishes needs of posts: moves, the stop switches, clocks, and a post as its platform gets it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.content_plans.checks import request
from backend.content_plans.files import recipes
from backend.content_plans.posting_rules import WORKSPACE, active_stop_switch
from backend.content_plans.queries import get_post
from backend.content_plans.rules import MISSED_AFTER
from backend.content_plans.schemas import PostCard
from backend.content_plans.time_zones import instant, wall_in
from backend.content_plans.transitions import in_state, move
from backend.db.tables import ContentPlan

__all__ = [
    "MISSED_AFTER",
    "WORKSPACE",
    "PostCard",
    "active_stop_switch",
    "clock_of",
    "get_post",
    "in_state",
    "instant",
    "move",
    "owner_of",
    "recipes",
    "request",
]  # fmt: skip


def owner_of(tx: Session, plan_id: str) -> str:
    """The influencer's id."""
    return tx.scalars(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id)).one()


def clock_of(tx: Session, plan_id: str, at: datetime) -> str:
    """`Sat 21 Nov, 18:30` as the plan's own clock shows it."""
    zone = tx.scalars(select(ContentPlan.zone).where(ContentPlan.id == plan_id)).one()
    return f"{wall_in(at, zone):%a %-d %b, %H:%M}"
