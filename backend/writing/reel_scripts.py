"""Scripts for reels: what is said in each scene, and what is seen meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, field_validator
from sqlalchemy.orm import Session

from backend.engines.local.offline_writer.picture_prompts import from_slots
from backend.engines.ports.text import Brief, TextRequest
from backend.engines.ports.text_answers import parse_answer, retry_request
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.writing import prompts
from backend.writing.composition import AskModel, WritingContext, llm_cost_of
from backend.writing.normalize import normalize_picture_prompt
from backend.writing.schemas import MAX_STYLE, MAX_TOPIC, LlmCost
from backend.writing.writing_context import default_prompt_form, load_context

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]
_SCENE_SECONDS = 6
_TOKENS_PER_SCENE, _TOKENS_AROUND = 160, 300
_MAX_WORDS, _MAX_CAPTION = 600, 2200
"""Characters of a scene's words, and of the caption."""


class ScriptOrder(Draft):
    """A script that lasts about `seconds`. `hook`: the words that it begins with, "": the writer finds them."""

    influencer_id: str = Field(max_length=80)
    topic: str = Field(max_length=MAX_TOPIC)
    seconds: int = Field(30, ge=10, le=90)
    style: str = Field("", max_length=MAX_STYLE)
    hook: str = Field("", max_length=500)

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        if not (normalized := " ".join(topic.split())):
            raise ValueError(tr_lazy("Write in a few words what the reel is about."))
        return normalized

    @property
    def scenes(self) -> int:
        return max(2, round(self.seconds / _SCENE_SECONDS))


class ScriptScene(BaseModel):
    """`words`: what is said, in their language. `picture`: an image prompt in English."""

    words: str
    picture: str


class ReelScript(BaseModel):
    """`caption`: the text of the post that the reel is for."""

    caption: str
    scenes: list[ScriptScene]

    @field_validator("scenes")
    @classmethod
    def _not_silent(cls, scenes: list[ScriptScene]) -> list[ScriptScene]:
        spoken = [scene for scene in scenes if scene.words.strip()]
        if not spoken:
            raise ValueError("nothing is said")
        return spoken


def write_script(ask: AskModel, context: WritingContext, order: ScriptOrder) -> tuple[ReelScript, LlmCost]:
    """Writes a script with about `order.scenes` scenes. Raises what `ask` raises."""
    reply = ask("script", _request(context, order))
    answer = parse_answer(reply.text, ReelScript)
    scenes = [
        ScriptScene(words=" ".join(scene.words.split())[:_MAX_WORDS], picture=_drawable(context, order, scene.picture, n))
        for n, scene in enumerate(answer.scenes[: 2 * order.scenes])
    ]
    if order.hook:
        scenes[0] = scenes[0].model_copy(update={"words": " ".join(order.hook.split())})
    return ReelScript(caption=answer.caption.strip()[:_MAX_CAPTION], scenes=scenes), llm_cost_of(reply)


def estimate_script(app: App, transact: Transact, *, order: ScriptOrder) -> Decimal | None:
    """The most that a script can cost, USD, a second try included; None: nothing is paid. Raises NotFound."""
    if not app.engines.text.paid:
        return None
    form = default_prompt_form(app)
    with transact() as tx:
        request = _request(load_context(tx, order.influencer_id, form), order)
    engine = app.engines.text
    return engine.quote(request).most_usd + engine.quote(retry_request(request)).most_usd


def _request(context: WritingContext, order: ScriptOrder) -> TextRequest:
    prompt = prompts.script_prompt(
        context.card,
        topic=order.topic,
        hook=order.hook,
        style=order.style,
        seconds=order.seconds,
        scenes=order.scenes,
        voice=context.voice,
        form=context.prompts,
    )
    card, persona = context.card, context.card.persona
    brief = Brief(
        order.topic,
        card.language,
        name=card.name,
        tone=f"{order.style} {persona.tone}".strip(),
        topics=persona.topics,
        avoid=persona.never_say,
        variant=context.written,
        n=order.scenes,
        bio=persona.bio,
        prompts=context.prompts,
    )
    tokens = _TOKENS_AROUND + order.scenes * _TOKENS_PER_SCENE
    return TextRequest("writing", prompt.system, prompt.question, max_tokens=tokens, answer=ReelScript, brief=brief)


def _drawable(context: WritingContext, order: ScriptOrder, picture: str, n: int) -> str:
    """The prompt in words that the base model knows, with the trigger word."""
    form = context.prompts
    prompt = form.known_phrases(picture)
    if not prompt and form.form == "slots":
        prompt = from_slots(form, order.topic, context.written + n)
    return normalize_picture_prompt(prompt, context.card)[:2000]
