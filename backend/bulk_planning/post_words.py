"""The job that writes the words of one post that has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend import content_plans, influencers, writing
from backend.bulk_planning.schemas import WordsPayload
from backend.content_plans import PlanCard, PostCard
from backend.influencers import InfluencerCard
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.platforms.port import Format
from backend.platforms.registry import PLATFORMS
from backend.writing import CheckedText, LlmCost, WriteOrder

_MAX_TOPIC = 200


def run(ctx: JobContext, payload: WordsPayload) -> dict[str, Any]:
    """Result: {textId, channels: how many posts got words, cost, model}; {} where nothing lacks words any more."""
    ctx.progress(0, 0, tr_lazy("writing"))
    result = ctx.write_step("words", lambda: _write(ctx, payload), lambda tx, text: _save(tx, ctx, payload, text))
    return result or {}


def _write(ctx: JobContext, payload: WordsPayload) -> tuple[WriteOrder, CheckedText, LlmCost] | None:
    with ctx.transaction() as tx:
        plan = content_plans.get(tx, payload.plan_id)
        posts = _without_words(plan)
        if not posts:
            return None
        influencer = influencers.get(tx, payload.influencer_id)
        context = writing.load_context(tx, influencer.id, writing.default_prompt_form(ctx.app))
    order = WriteOrder(
        influencer_id=influencer.id,
        content_type=_content_type(posts[0]),
        topic=_topic(plan, influencer),
        style=payload.style,
        publish_on=plan.wall.date() if plan.wall else None,
    )
    texts, cost = writing.compose_texts(writing.ask_in_steps(ctx, "caption", influencer.id), context, order)
    return order, texts[0], cost


def _save(
    tx: Session, ctx: JobContext, payload: WordsPayload, written: tuple[WriteOrder, CheckedText, LlmCost] | None
) -> dict[str, Any]:
    if written is None:
        return {}
    order, composed, cost = written
    text = writing.save_texts(tx, order, [composed], cost, job_id=ctx.job_id)[0]
    plan, ai_mark = content_plans.get(tx, payload.plan_id), influencers.get(tx, payload.influencer_id).ai_mark
    variants = [
        content_plans.adapt_text(post.channel_id, post.platform, _format(post), text.parts, ai_mark=ai_mark)
        for post in _without_words(plan)
    ]
    channel_ids = content_plans.fill_in_words(tx, plan.id, text.id, variants)
    if channel_ids:
        writing.set_state(tx, text.id, "used")
    return {"textId": text.id, "channels": len(channel_ids), "cost": float(cost.usd), "model": cost.model}


def _without_words(plan: PlanCard) -> Sequence[PostCard]:
    return () if plan.deleted_at else [post for post in plan.posts if content_plans.lacks_words(post)]


def _topic(plan: PlanCard, influencer: InfluencerCard) -> str:
    """What the plan is about, as its title or notes say it; else what the influencer talks about."""
    about = " ".join((plan.topic or plan.notes).split())[:_MAX_TOPIC]
    return about or next(iter(writing.default_topics(influencer)))


def _format(post: PostCard) -> Format:
    formats = PLATFORMS[post.platform].formats
    return next((name for name in formats if name == post.format), next(iter(formats)))


def _content_type(post: PostCard) -> str:
    """The content type of `backend.writing` for the post's format on its platform."""
    kinds, post_format = PLATFORMS[post.platform].content_types, _format(post)
    fitting = [kind.key for kind in kinds if post_format in kind.formats]
    return (
        fitting[0] if fitting else next(kind.key for kind in PLATFORMS["instagram"].content_types if "picture" in kind.formats)
    )
