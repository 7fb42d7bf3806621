"""Orders for one post that is on the calendar already: its words, its pictures, its reel, its picture set in motion.

The same `request_key` returns the first job. All raise NotFound, NotPermitted; the job leaves a deleted post alone.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import content_plans, jobs, writing
from backend.bulk_planning.schemas import DEFAULT_REDRAWS, MotionPayload, PicturePayload, ReelPayload, WordsPayload
from backend.bulk_planning.service import MOTION_KIND, PICTURE_KIND, REEL_KIND, WORDS_KIND
from backend.content_plans import PlanCard
from backend.db.tables import FINAL, Job
from backend.jobs import JobCard
from backend.language import tr_lazy
from backend.platforms.registry import PLATFORMS
from backend.writing import CONTENT_TYPES

_MAX_TOPIC = 200


def being_made(tx: Session, plan_ids: Collection[str]) -> set[str]:
    """Those of the posts whose words, picture or video a job is making, or will."""
    plan_id = Job.payload["plan_id"].astext
    kinds = (WORDS_KIND, PICTURE_KIND, REEL_KIND, MOTION_KIND)
    unfinished = Job.kind.in_(kinds), Job.state.not_in(FINAL)
    return set(tx.scalars(select(plan_id).where(*unfinished, plan_id.in_(plan_ids))))


def write_words(tx: Session, plan_id: str, *, style: str = "", request_key: str) -> JobCard:
    plan = content_plans.get(tx, plan_id)
    payload = WordsPayload(plan_id=plan.id, influencer_id=plan.influencer_id, style=style)
    return jobs.enqueue(
        tx,
        kind=WORDS_KIND,
        payload=payload,
        title=tr_lazy("Text for “{title}”", title=plan.title[:60]),
        request_key=request_key,
        subject=("influencer", plan.influencer_id),
    )


def draw_pictures(tx: Session, plan_id: str, *, n: int = 1, redraw: int = DEFAULT_REDRAWS, request_key: str) -> JobCard:
    plan = content_plans.get(tx, plan_id)
    parts = writing.get(tx, plan.text_id).parts if plan.text_id else None
    payload = PicturePayload(
        plan_id=plan.id,
        text_id=plan.text_id or "",
        influencer_id=plan.influencer_id,
        prompt=(parts.picture if parts and parts.picture else topic_of(plan)),
        alt_text=parts.alt_text if parts else "",
        n=n,
        size=_size(plan),
        redraw=redraw,
    )
    return jobs.enqueue(
        tx,
        kind=PICTURE_KIND,
        payload=payload,
        title=tr_lazy("Picture of “{title}”", title=plan.title[:60]),
        request_key=request_key,
        subject=("influencer", plan.influencer_id),
    )


def make_reel(tx: Session, plan_id: str, *, style: str = "", seconds: int = 20, request_key: str) -> JobCard:
    plan = content_plans.get(tx, plan_id)
    payload = ReelPayload(plan_id=plan.id, influencer_id=plan.influencer_id, topic=topic_of(plan), style=style, seconds=seconds)
    return jobs.enqueue(
        tx,
        kind=REEL_KIND,
        payload=payload,
        title=tr_lazy("Reel of “{title}”", title=plan.title[:60]),
        request_key=request_key,
        subject=("influencer", plan.influencer_id),
    )


def animate_picture(tx: Session, plan_id: str, *, seconds: float | None = None, request_key: str) -> JobCard:
    plan = content_plans.get(tx, plan_id)
    return jobs.enqueue(
        tx,
        kind=MOTION_KIND,
        payload=MotionPayload(plan_id=plan.id, seconds=seconds),
        title=tr_lazy("Video of “{title}”", title=plan.title[:60]),
        request_key=request_key,
        subject=("influencer", plan.influencer_id),
    )


def topic_of(plan: PlanCard) -> str:
    return " ".join((plan.topic or plan.notes or plan.title).split())[:_MAX_TOPIC]


def _size(plan: PlanCard) -> str:
    """Of its pictures: a key of generation.SIZES, as the format of its first post likes it."""
    for post in plan.posts:
        for kind in PLATFORMS[post.platform].content_types:
            if not post.format or post.format in kind.formats:
                return CONTENT_TYPES[kind.key].size
    return "portrait"
