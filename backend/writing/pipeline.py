"""The jobs that write. Every answer of a model is a step, so that a retried job pays for none twice."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend import assets, generation, writing
from backend.engines.ports.image import ModelCard
from backend.generation import GenerationDraft
from backend.jobs.context import JobContext, no_work
from backend.language import tr_lazy
from backend.writing import service
from backend.writing.composition import CheckedIdea, CheckedText, WritingContext, compose_texts, generate_ideas
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.llm_calls import ask_in_steps
from backend.writing.normalize import prompt_with_lora
from backend.writing.schemas import DraftCard, IdeasPayload, LlmCost, WriteOrder
from backend.writing.writer import IDEAS_PER_CALL
from backend.writing.writing_context import default_prompt_form, load_context


def run_content(ctx: JobContext, order: WriteOrder) -> dict[str, Any]:
    """Writes a text, saves it as a draft and has its picture drawn. The result has keys of the API (`contentPlan` …)."""
    ctx.progress(0, 0, tr_lazy("writing"))
    with ctx.transaction() as tx:
        context = load_context(tx, order.influencer_id, default_prompt_form(ctx.app))
    texts, cost = compose_texts(ask_in_steps(ctx, "caption", order.influencer_id), context, order)
    saved = ctx.write_step("draft", no_work, lambda tx, _: _save_text(tx, ctx, order, texts, cost)) or {}
    list_models = ctx.app.engines.image.models
    started = (
        ctx.write_step("picture", list_models, lambda tx, models: _start_picture(tx, ctx, saved["draft_id"], models)) or {}
    )
    ctx.progress(0, 0, tr_lazy("drawing"))
    ctx.wait_for_children()
    with ctx.transaction() as tx:
        return _build_result(tx, writing.get(tx, str(saved["draft_id"])), str(started["generation_id"]), context, cost)


def run_ideas(ctx: JobContext, payload: IdeasPayload) -> dict[str, Any]:
    """Writes ideas, IDEAS_PER_CALL days at a time; each call is told the hooks of the days before, so that it differs.

    Result: {batchId, ideas: how many, missing: days without one, cost}.
    """
    order, total_cost = payload.order, LlmCost()
    with ctx.transaction() as tx:
        context = load_context(tx, order.influencer_id, default_prompt_form(ctx.app))
    earlier_hooks, days_with_ideas = list(context.recent), set()
    ask = ask_in_steps(ctx, "ideas", order.influencer_id)
    for first in range(1, order.days + 1, IDEAS_PER_CALL):
        ctx.progress(first - 1, order.days, tr_lazy("finding ideas for each day"))
        n = min(IDEAS_PER_CALL, order.days - first + 1)
        ideas, cost = generate_ideas(ask, context, order, first=first, n=n, earlier_hooks=earlier_hooks[-2 * IDEAS_PER_CALL :])
        _save_ideas(ctx, f"drafts-{first}", payload, ideas, cost)
        earlier_hooks += [checked.idea.hook for checked in ideas]
        days_with_ideas |= {checked.idea.day for checked in ideas}
        total_cost += cost
    missing = sorted(set(range(1, order.days + 1)) - days_with_ideas)
    return {"batchId": payload.batch_id, "ideas": len(days_with_ideas), "missing": missing, "cost": float(total_cost.usd)}


def _save_text(tx: Session, ctx: JobContext, order: WriteOrder, texts: list[CheckedText], cost: LlmCost) -> dict[str, Any]:
    return {"draft_id": service.save_texts(tx, order, texts, cost, job_id=ctx.job_id)[0].id}


def _save_ideas(ctx: JobContext, step: str, payload: IdeasPayload, ideas: list[CheckedIdea], cost: LlmCost) -> None:
    """Saves the ideas as drafts. Result of the step: {draft_ids}."""

    def write(tx: Session, _: None) -> dict[str, Any]:
        draft_ids = service.save_ideas(tx, payload.order, ideas, cost, batch_id=payload.batch_id, job_id=ctx.job_id)
        return {"draft_ids": draft_ids}

    ctx.write_step(step, no_work, write)


def _start_picture(tx: Session, ctx: JobContext, draft_id: str, models: list[ModelCard]) -> dict[str, Any]:
    """Starts the picture as a child of this job: it waits without holding a slot, and is cancelled and retried with it."""
    card = writing.get(tx, draft_id)
    draft = GenerationDraft(
        prompt=card.parts.picture or card.topic,
        influencer_id=card.influencer_id,
        n=1,
        size=generation.default_size(models, CONTENT_TYPES[card.content_type].size),
    )
    key = f"{ctx.job_id}/picture"
    return {"generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id).id}


def _build_result(tx: Session, card: DraftCard, generation_id: str, context: WritingContext, cost: LlmCost) -> dict[str, Any]:
    pictures, parts = generation.pictures_of(tx, generation_id), card.parts
    picture = pictures[0] if pictures else None
    if picture:
        service.set_picture(tx, card.id, picture.id)
    content_plan = {
        "caption": parts.caption,
        "hashtags": list(parts.hashtags),
        "sdPrompt": prompt_with_lora(parts.picture, context.card),
        "hook": parts.hook,
        "altText": parts.alt_text,
    }
    return {
        "assetId": picture.asset_id if picture else None,
        "s3Key": assets.get(tx, picture.asset_id).key if picture else None,
        "contentPlan": content_plan,
        "cost": float(cost.usd),
        "draftId": card.id,
        "pictureId": picture.id if picture else None,
        "generationId": generation_id,
        "model": cost.model,
    }
