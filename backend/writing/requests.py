"""Starts the jobs that write: a text with its picture, ideas for days."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import influencers, jobs
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.schemas import IdeasOrder, IdeasPayload, WriteOrder

CONTENT_KIND, IDEAS_KIND = "content-generation", "content-ideas"


def start_content(tx: Session, *, order: WriteOrder, request_key: str) -> JobCard:
    """Starts a text and its picture. The job's result: {assetId, s3Key, contentPlan, cost, draftId, pictureId …}. Raises
    NotFound.
    """
    card = influencers.get(tx, order.influencer_id)
    title = f"{CONTENT_TYPES[order.content_type].title} of {card.name}: {order.topic}"
    return jobs.enqueue(
        tx, kind=CONTENT_KIND, payload=order, title=_shorten(title), request_key=request_key, subject=("influencer", card.id)
    )


def start_ideas(tx: Session, *, order: IdeasOrder, request_key: str) -> JobCard:
    """Starts ideas, saved as drafts, one a day. The job's result: {batchId, ideas, missing: days without one, cost}. Raises
    NotFound.
    """
    card = influencers.get(tx, order.influencer_id)
    payload = IdeasPayload(order=order, batch_id=new_id("bat"))
    title = f"Ideas of {card.name} for {order.days} days"
    return jobs.enqueue(
        tx, kind=IDEAS_KIND, payload=payload, title=title, request_key=request_key, subject=("influencer", card.id)
    )


def latest_job(tx: Session, kind: str, influencer_id: str) -> JobCard | None:
    """The newest job of this kind for them, in whatever state."""
    return jobs.latest(tx, ("influencer", influencer_id), kind)


def _shorten(title: str) -> str:
    return title if len(title) <= 90 else title[:89].rstrip() + "…"
