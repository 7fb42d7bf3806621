"""From a draft to what will be drawn: the influencer's look, LoRAs by name, the model's own values. Reads, writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import influencers, loras
from backend.engines.image import sizes
from backend.engines.image.port import ModelCard
from backend.errors import Invalid
from backend.generation import rules
from backend.generation.schemas import Assembled, GenerationDraft, LoraRef
from backend.influencers import InfluencerCard
from backend.tables import Generation, Job


def assemble(tx: Session, *, draft: GenerationDraft, models: Sequence[ModelCard]) -> Assembled:
    """What `start` would draw. `models`: `app.engines.image.models()`. Raises Invalid, NotFound with a sentence."""
    model = choose_model(models, draft.model)
    who = influencers.get(tx, draft.influencer_id) if draft.influencer_id else None
    lifted = rules.lift_loras(draft.prompt)
    chosen = _loras(tx, draft, lifted, who, model)
    trigger, look, negative = (
        (who.trigger_word, who.look_prompt, who.look_negative) if who and draft.with_look else ("", "", "")
    )
    prompt = rules.assemble(lifted.prompt, trigger, look)
    if not prompt:
        raise Invalid("Write what the picture should show, for example: portrait of a woman at the beach, smiling.")
    width, height = _size(draft, model)
    return Assembled(
        prompt=prompt,
        negative_prompt=rules.assemble(draft.negative_prompt, "", negative),
        loras=chosen,
        width=width,
        height=height,
        steps=draft.steps or model.steps,
        cfg=model.cfg if draft.cfg is None else draft.cfg,
        sampler=_sampler(draft.sampler, model),
        model=model.name,
        notes=_notes(draft, model, width, height, chosen, prompt != lifted.prompt and who is not None),
    )


def choose_model(models: Sequence[ModelCard], name: str) -> ModelCard:
    """The card called `name`, or the first one. Raises Invalid with the names on offer."""
    if found := next((card for card in models if name in ("", card.name)), None):
        return found
    if not models:
        raise Invalid("The image engine offers no model right now. Look at the System page to see what it needs.")
    raise Invalid(f"The image engine has no model called {name!r}. It offers: {', '.join(card.name for card in models)}.")


def estimate(tx: Session, *, model: str, steps: int, n: int) -> float | None:
    """Seconds that `n` pictures of `steps` steps will take, from the last 20 finished requests; None: nothing to go by."""
    recipe = Generation.recipe
    work = recipe["steps"].as_integer() * func.jsonb_array_length(recipe["seeds"])
    recent = (
        select(func.extract("epoch", Job.finished_at - Job.started_at) / work)
        .join(Generation, Generation.job_id == Job.id)
        .where(Job.state == "completed", recipe["model"].astext == model)
        .order_by(Job.id.desc())
        .limit(20)
    )
    rates = sorted(float(rate) for rate in tx.scalars(recent) if rate)
    return rates[len(rates) // 2] * steps * n if rates else None


def _loras(
    tx: Session, draft: GenerationDraft, lifted: rules.Lifted, who: InfluencerCard | None, model: ModelCard
) -> tuple[LoraRef, ...]:
    """Picked ones, then those written in the prompt (their weight wins), else the influencer's default. Bases are checked."""
    cards = [(loras.get(tx, pick.lora_id), pick.weight) for pick in draft.loras]
    cards += [(loras.by_name(tx, name), weight) for name, weight in lifted.loras]
    if not cards and draft.with_look and who and who.default_lora_id:
        default = loras.get(tx, who.default_lora_id)
        cards = [(default, who.default_lora_weight)] if default.base == model.base else []
    for card, _ in cards:
        loras.check_base(card, model)
    return tuple({card.id: LoraRef(lora_id=card.id, name=card.name, weight=weight) for card, weight in cards}.values())


def _size(draft: GenerationDraft, model: ModelCard) -> tuple[int, int]:
    if draft.width and draft.height:
        return sizes.fit(model, draft.width, draft.height)
    if draft.size not in rules.SIZES:
        raise Invalid(f"There is no size called {draft.size!r}. Choose one of: {', '.join(rules.SIZES)}.")
    return sizes.fit(model, rules.SIZES[draft.size].width, rules.SIZES[draft.size].height)


def _sampler(name: str, model: ModelCard) -> str:
    if name and name not in model.samplers:
        raise Invalid(f"{model.title} has no sampler called {name!r}. It offers: {', '.join(model.samplers)}.")
    return name or model.sampler


def _notes(
    draft: GenerationDraft, model: ModelCard, width: int, height: int, chosen: tuple[LoraRef, ...], dressed: bool
) -> tuple[str, ...]:
    said = [f"{model.title} draws this at {width} × {height} px."]
    if dressed:
        said.append("The influencer's trigger word and look were added.")
    if chosen and not draft.loras and "<lora" not in draft.prompt.lower():
        said.append(f"Drawn with the influencer's LoRA {chosen[0].name}.")
    return tuple(said)
