"""The jobs that write: every answer is a step, so that a job that is tried again pays for none twice."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, generation, writing
from backend.engines.image.port import ModelCard
from backend.generation import GenerationDraft
from backend.jobs.context import JobContext
from backend.writing import service
from backend.writing.composition import About, CheckedIdea, Composed, compose, plan
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.llm_calls import asker
from backend.writing.normalize import drawn_prompt
from backend.writing.schemas import DraftCard, IdeasPayload, LlmCost, WriteOrder
from backend.writing.writer import A_WEEK
from backend.writing.writing_context import about, prompt_form


def run_content(ctx: JobContext, order: WriteOrder) -> dict[str, Any]:
    """Text, draft, picture. Result as the seeds' job has it."""
    ctx.progress(0, 0, "writing")
    with ctx.transaction() as tx:
        whose = about(tx, order.influencer_id, prompt_form(ctx.app))
    made, bill = compose(asker(ctx, "caption", order.influencer_id), whose, order)
    kept = ctx.step("draft", lambda: partial(_keep, ctx, order, made, bill)) or {}
    models = ctx.app.engines.image.models()
    drawn = ctx.step("picture", lambda: partial(_order_picture, ctx, str(kept["draft_id"]), models)) or {}
    ctx.progress(0, 0, "drawing")
    ctx.wait_for_children()
    with ctx.transaction() as tx:
        return _result(tx, writing.get(tx, str(kept["draft_id"])), str(drawn["generation_id"]), whose, bill)


def run_ideas(ctx: JobContext, payload: IdeasPayload) -> dict[str, Any]:
    """A week at a time; what a week has had, the next one differs from. Result: how many ideas, which days have none."""
    order, bill = payload.order, LlmCost()
    with ctx.transaction() as tx:
        whose = about(tx, order.influencer_id, prompt_form(ctx.app))
    had, found = list(whose.recent), set()
    ask = asker(ctx, "ideas", order.influencer_id)
    for first in range(1, order.days + 1, A_WEEK):
        ctx.progress(first - 1, order.days, "thinking of days")
        n = min(A_WEEK, order.days - first + 1)
        ideas, cost = plan(ask, whose, order, first=first, n=n, had=had[-2 * A_WEEK :])
        keep = partial(_keep_ideas, payload, ideas, cost, ctx.job_id)
        ctx.step(f"drafts-{first}", lambda keep=keep: keep)  # type: ignore[misc]
        had += [checked.idea.hook for checked in ideas]
        found |= {checked.idea.day for checked in ideas}
        bill += cost
    missing = sorted(set(range(1, order.days + 1)) - found)
    return {"batchId": payload.batch_id, "ideas": len(found), "missing": missing, "cost": float(bill.usd)}


def _keep(ctx: JobContext, order: WriteOrder, made: list[Composed], bill: LlmCost, tx: Session) -> dict[str, Any]:
    return {"draft_id": service.keep(tx, order, made, bill, job_id=ctx.job_id)[0].id}


def _keep_ideas(payload: IdeasPayload, ideas: list[CheckedIdea], bill: LlmCost, job_id: str, tx: Session) -> dict[str, Any]:
    kept = service.keep_ideas(tx, payload.order, ideas, bill, batch_id=payload.batch_id, job_id=job_id)
    return {"draft_ids": kept}


def _order_picture(ctx: JobContext, draft_id: str, models: list[ModelCard], tx: Session) -> dict[str, Any]:
    """A child of this job: it waits without holding a slot, is cancelled with it and tried again with it."""
    card = writing.get(tx, draft_id)
    draft = GenerationDraft(
        prompt=card.parts.picture or card.topic,
        influencer_id=card.influencer_id,
        n=1,
        size=generation.usual_size(models, CONTENT_TYPES[card.content_type].size),
    )
    key = f"{ctx.job_id}/picture"
    return {"generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id).id}


def _result(tx: Session, card: DraftCard, generation_id: str, whose: About, bill: LlmCost) -> dict[str, Any]:
    pictures, parts = generation.pictures_of(tx, generation_id), card.parts
    picture = pictures[0] if pictures else None
    if picture:
        service.drawn(tx, card.id, picture.id)
    plan = {
        "caption": parts.caption, "hashtags": list(parts.hashtags), "sdPrompt": drawn_prompt(parts.picture, whose.card),
        "hook": parts.hook, "altText": parts.alt_text,
    }  # fmt: skip
    return {
        "assetId": picture.asset_id if picture else None,
        "s3Key": assets.get(tx, picture.asset_id).key if picture else None,
        "contentPlan": plan,
        "cost": float(bill.usd),
        "draftId": card.id,
        "pictureId": picture.id if picture else None,
        "generationId": generation_id,
        "model": bill.model,
    }
