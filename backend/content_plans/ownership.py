"""What publishing needs of posts: state changes, stop switches, time zones, and a post as its platform gets it.

A second door beside `backend.content_plans`: these functions change posts that are being published, and nobody but
`backend.publishing` may do that.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.content_plans.checks import build_request
from backend.content_plans.files import rendition_recipes
from backend.content_plans.posting_rules import WORKSPACE, active_stop_switch
from backend.content_plans.queries import get_post
from backend.content_plans.rules import MISSED_AFTER
from backend.content_plans.schemas import PostCard
from backend.content_plans.times import time_text, to_instant, to_local_time
from backend.content_plans.transitions import in_state, move
from backend.db.tables import ContentPlan

__all__ = [
    "MISSED_AFTER",
    "WORKSPACE",
    "PostCard",
    "active_stop_switch",
    "build_request",
    "get_post",
    "in_state",
    "influencer_of",
    "local_time_text",
    "move",
    "rendition_recipes",
    "to_instant",
]


def influencer_of(tx: Session, plan_id: str) -> str:
    """The influencer's id."""
    return tx.scalars(select(ContentPlan.influencer_id).where(ContentPlan.id == plan_id)).one()


def local_time_text(tx: Session, plan_id: str, at: datetime) -> str:
    """An instant as `Sat 21 Nov, 18:30` in the plan's time zone."""
    zone = tx.scalars(select(ContentPlan.zone).where(ContentPlan.id == plan_id)).one()
    return time_text(to_local_time(at, zone))
