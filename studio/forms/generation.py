"""What to draw: a prompt and how many; size and person beside it, the rest folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend import generation
from backend.engines.image.port import ModelCard
from backend.generation import GenerationDraft, LoraPick
from backend.influencers import InfluencerCard
from backend.loras import LoraCard
from studio.forms.finish import finish_pills


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form can offer here."""

    influencers: Sequence[InfluencerCard]
    loras: Sequence[LoraCard]
    models: Sequence[ModelCard]


def generation_form(key: str, choices: Choices, start: GenerationDraft, *, disabled: bool) -> GenerationDraft:
    """The request as it stands now; the caller draws the button. A new `key` starts again from `start`.

    Raises backend.errors.Invalid.
    """
    who = _who(key, choices, start, disabled)
    prompt = st.text_area(
        "What should the picture show?", start.prompt, key=f"{key}:prompt", height=110, max_chars=2000, disabled=disabled,
        placeholder="portrait, at the beach, smiling, wearing a yellow shirt",
    )  # fmt: skip
    finish = finish_pills(key, start, disabled)
    size, n = _size(key, start, disabled)
    with st.expander("LoRAs, model and more", icon=":material/tune:"):
        extra = _extra(key, choices, start, disabled)
    same = {"init_asset_id": start.init_asset_id, "finish": finish}
    return GenerationDraft(prompt=prompt, influencer_id=who, n=n, size=size, **same, **extra)


def _who(key: str, choices: Choices, start: GenerationDraft, disabled: bool) -> str | None:
    names = {card.id: card.name for card in choices.influencers}
    if not names:
        return None
    first = start.influencer_id if start.influencer_id in names else None
    options = [*names, ""]
    chosen = st.selectbox(
        "Who is in it?", options, index=options.index(first) if first else 0, key=f"{key}:who", disabled=disabled,
        format_func=lambda one: names.get(one, "Nobody in particular"),
    )  # fmt: skip
    return chosen or None


def _size(key: str, start: GenerationDraft, disabled: bool) -> tuple[str, int]:
    names = list(generation.SIZES)
    chosen = st.pills(
        "Format", names, default=start.size if start.size in names else names[0], key=f"{key}:size", disabled=disabled,
        format_func=lambda name: generation.SIZES[name].title.partition(" (")[0], required=True, wrap=True,
    )  # fmt: skip
    n = st.slider("How many?", 1, 16, start.n, key=f"{key}:n", disabled=disabled)
    return str(chosen or names[0]), n


def _extra(key: str, choices: Choices, start: GenerationDraft, disabled: bool) -> dict[str, Any]:
    titles = {card.name: card.title for card in choices.models}
    names = list(titles)
    at = names.index(start.model) if start.model in names else 0
    model = st.selectbox("Model", names, index=at, key=f"{key}:model", format_func=titles.__getitem__, disabled=disabled)
    card = generation.choose_model(choices.models, model or "")
    negative = st.text_area(
        "What must not be in it", start.negative_prompt, key=f"{key}:negative", height=70, max_chars=2000, disabled=disabled
    )
    picks = _loras(key, [lora for lora in choices.loras if lora.base == card.base], start, disabled)
    left, right = st.columns(2)
    steps = left.number_input("Steps", 1, 150, start.steps or card.steps, key=f"{key}:steps:{card.name}", disabled=disabled)
    cfg = right.number_input(
        "Guidance (CFG)", 0.0, 30.0, card.cfg if start.cfg is None else start.cfg, 0.5, key=f"{key}:cfg:{card.name}",
        disabled=disabled, help="How strictly the prompt is followed.",
    )  # fmt: skip
    sampler = left.selectbox(
        "Sampler",
        card.samplers,
        index=card.samplers.index(start.sampler if start.sampler in card.samplers else card.sampler),
        key=f"{key}:sampler:{card.name}",
        disabled=disabled,
    )
    seed = right.number_input(
        "Seed",
        -1,
        2**32 - 1,
        start.seed,
        key=f"{key}:seed",
        disabled=disabled,
        help="-1: a new one each time; the same seed draws the same picture.",
    )
    look = st.toggle("Add the influencer's trigger word, look and LoRA", start.with_look, key=f"{key}:look", disabled=disabled)
    strength = start.strength
    if start.init_asset_id:
        strength = st.slider(
            "How far from the starting picture", 0.05, 1.0, start.strength, 0.05, key=f"{key}:strength", disabled=disabled
        )
    return {
        "model": card.name, "negative_prompt": negative, "loras": picks, "steps": steps, "cfg": cfg, "sampler": sampler,
        "seed": seed, "with_look": look, "strength": strength,
    }  # fmt: skip


def _loras(key: str, cards: Sequence[LoraCard], start: GenerationDraft, disabled: bool) -> tuple[LoraPick, ...]:
    names = {card.id: card.name for card in cards}
    before = {pick.lora_id: pick.weight for pick in start.loras}
    chosen = st.multiselect(
        "LoRAs", list(names), default=[one for one in before if one in names], format_func=names.__getitem__,
        key=f"{key}:loras", max_selections=8, disabled=disabled,
        placeholder="The influencer's own" if names else "The library has none for this model",
    )  # fmt: skip
    return tuple(
        LoraPick(
            lora_id=one,
            weight=st.slider(
                f"Weight of {names[one]}", -2.0, 2.0, before.get(one, 1.0), 0.05, key=f"{key}:w:{one}", disabled=disabled
            ),
        )
        for one in chosen
    )
