"""Kinds of jobs of writing."""

from __future__ import annotations

from contextlib import nullcontext

from sqlalchemy.orm import Session

from backend import budgets, generation, influencers, writing
from backend.app import App
from backend.generation import GenerationDraft
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy
from backend.writing import CONTENT_TYPES, IdeasOrder
from backend.writing.schemas import IdeasPayload, TextEstimate, WriteOrder

_LIMITS: Limits = {"stall_s": 300.0, "limit_setting": "jobs.concurrency_writing"}


def _start_text(app: App, tx: Session, order: WriteOrder, key: str) -> str:
    return writing.start_content(tx, order=order, request_key=key).id


def _estimate_text(app: App, tx: Session, order: WriteOrder) -> TextEstimate:
    size = CONTENT_TYPES[order.content_type].size
    picture = GenerationDraft(prompt=order.topic, influencer_id=order.influencer_id, n=1, size=size)
    pictures_plan = generation.preview(tx, drafts=[picture], models=app.engines.image.models())
    most_usd = writing.estimate_texts(app, lambda: nullcontext(tx), order=order)
    return TextEstimate(
        pictures_plan.pictures,
        pictures_plan.seconds,
        pictures_plan.ahead,
        *budgets.usual_and_most_usd(tx, "caption", most_usd),
        pictures_plan.load_s,
    )


def _start_ideas(app: App, tx: Session, order: IdeasOrder, key: str) -> str:
    return writing.start_ideas(tx, order=order, request_key=key).id


def _estimate_ideas(app: App, tx: Session, order: IdeasOrder) -> TextEstimate:
    influencers.get(tx, order.influencer_id)
    most_usd = writing.estimate_ideas(app, lambda: nullcontext(tx), order=order)
    calls = -(-order.days // writing.IDEAS_PER_CALL)
    return TextEstimate(0, None, 0, *budgets.usual_and_most_usd(tx, "ideas", most_usd, calls=calls))


register(
    JobType(
        "content-generation",
        "net",
        WriteOrder,
        "backend.writing.pipeline:run_content",
        tr_lazy("Texts"),
        **_LIMITS,
        requests=(
            JobRequestType(
                "content-generation",
                "texts:write",
                WriteOrder,
                _start_text,
                {"influencerId": "inf_…", "contentType": "instagram-post", "topic": "morning workout", "style": "motivational"},
                _estimate_text,
            ),
        ),
    ),
    JobType(
        "content-ideas",
        "net",
        IdeasPayload,
        "backend.writing.pipeline:run_ideas",
        tr_lazy("Texts"),
        **_LIMITS,
        requests=(
            JobRequestType(
                "content-ideas",
                "texts:write",
                IdeasOrder,
                _start_ideas,
                {"influencerId": "inf_…", "days": 7, "kinds": ["post", "reel"]},
                _estimate_ideas,
            ),
        ),
    ),
)
