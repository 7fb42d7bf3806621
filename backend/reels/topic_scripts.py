"""Reels from a topic, of which the writer makes scenes with words and pictures, and from a text that is written already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from backend import generation, influencers, jobs, writing
from backend.errors import Invalid
from backend.jobs import JobCard
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.reels import service
from backend.reels.schemas import SCRIPT_KIND, ReelCard, ReelDraft, SceneDraft, TopicOrder
from backend.reels.script import split_script
from backend.writing import LlmCost, ReelScript

if TYPE_CHECKING:
    from backend.app import App


Transact = Callable[[], AbstractContextManager[Session]]


def start_script(tx: Session, order: TopicOrder, *, request_key: str) -> JobCard:
    """Has a script written and made a reel; the job's result has its `reelId`. Raises NotFound, Invalid."""
    influencer = influencers.get(tx, order.influencer_id)
    service.check_format(order.format)
    title = tr_lazy("Script: {topic}", topic=order.topic[:60])
    return jobs.enqueue(
        tx, kind=SCRIPT_KIND, payload=order, title=title, request_key=request_key, subject=("influencer", influencer.id)
    )


def create_from_text(app: App, tx: Session, text_id: str) -> tuple[ReelCard, str]:
    """A reel that says a post's text: its hook and caption as scenes, its caption as the reel's. Its picture is the first
    scene's. Returns it, and why nothing is spoken ("": it is). Raises NotFound, Invalid for an idea without a caption."""
    text = writing.get(tx, text_id)
    if text.is_idea:
        raise Invalid(tr_lazy("This idea has no caption yet. Write it out first, or have its script written."))
    parts = text.parts
    script = "\n\n".join(part for part in (parts.hook, parts.caption) if part)
    [picture] = generation.pictures(tx, [text.picture_id]) if text.picture_id else [None]
    drafts = [SceneDraft(words=words) for words in split_script(script)]
    drafts[0] = drafts[0].model_copy(update={"prompt": parts.picture, "asset_id": picture.asset_id if picture else None})
    draft = ReelDraft(title=text.topic[:120], influencer_id=text.influencer_id, script=script, caption=parts.caption[:2200])
    return service.create_spoken_or_shown(app, tx, draft, scenes=drafts)


def max_script_usd(app: App, transact: Transact, order: TopicOrder) -> Decimal | None:
    """The most that the script can cost, USD; None: nothing is paid. Raises NotFound."""
    return writing.estimate_script(app, transact, order=order.script_order())


def write_reel(ctx: JobContext, order: TopicOrder) -> dict[str, Any]:
    """Writes the script and makes its reel, once however often the job is tried: {reel_id, usd, model}.

    Raises NotFound, budgets.OverBudget, and what the text engine raises.
    """
    with ctx.transaction() as tx:
        context = writing.load_context(tx, order.influencer_id, writing.default_prompt_form(ctx.app))
    ask = writing.ask_in_steps(ctx, "script", order.influencer_id)

    def write(tx: Session, answer: tuple[ReelScript, LlmCost]) -> dict[str, Any]:
        script, cost = answer
        draft = ReelDraft(
            title=order.topic[:120],
            influencer_id=order.influencer_id,
            script="\n\n".join(scene.words for scene in script.scenes),
            caption=script.caption,
            format=order.format,
        )
        scenes = [SceneDraft(words=scene.words, prompt=scene.picture) for scene in script.scenes]
        card, sentence = service.create_spoken_or_shown(ctx.app, tx, draft, scenes=scenes)
        if sentence:
            ctx.log(sentence, level="warning")
        return {"reel_id": card.id, "usd": str(cost.usd), "model": cost.model}

    return ctx.write_step("reel", lambda: writing.write_script(ask, context, order.script_order()), write) or {}


def run_script(ctx: JobContext, order: TopicOrder) -> dict[str, Any]:
    """Result: {reelId, cost, model}."""
    ctx.progress(0, 0, tr_lazy("writing the script"))
    written = write_reel(ctx, order)
    return {"reelId": written["reel_id"], "cost": float(written["usd"]), "model": written["model"]}
