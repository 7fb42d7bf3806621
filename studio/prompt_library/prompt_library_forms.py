"""Fields of a wildcard, a template and a prompt style. Each form returns its values; the caller draws the button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation, prompt_library
from backend.engines.ports.image import ModelCard
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.prompt_library import (
    PromptStyleCard,
    PromptStyleDraft,
    PromptStyleSettings,
    TemplateCard,
    TemplateDraft,
    WildcardCard,
    WildcardDraft,
)
from studio.ui.format import plain


def wildcard_form(key: str, card: WildcardCard | None) -> tuple[str, str]:
    """(name, text); `wildcard_draft` makes the draft when it is saved."""
    name = st.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="places")
    text = st.text_area(
        "One choice a line",
        "\n".join(card.lines) if card else "",
        key=f"{key}:lines",
        height=240,
        placeholder="at the beach\nin a cafe\n3::in the city at night",
        help="3:: takes a line three times as often. A line may hold __other-lists__ and {this|that}. # begins a remark.",
    )
    st.caption(f"In a prompt: \\_\\_{plain(name.strip().lower() or 'name')}\\_\\_")
    return name, text


def wildcard_draft(name: str, text: str) -> WildcardDraft:
    """Raises backend.errors.Invalid."""
    return WildcardDraft(name=name, lines=tuple(text.splitlines()))


def template_form(key: str, card: TemplateCard | None) -> dict[str, str]:
    """Values of a `TemplateDraft`."""
    name = st.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="Beach portrait")
    prompt = st.text_area(
        "Prompt with blanks",
        card.prompt if card else "",
        key=f"{key}:prompt",
        height=140,
        max_chars=2000,
        placeholder="portrait of {subject}, {place=at the beach}, {smiling|serious}",
        help="{subject} is a blank; {place=at the beach} has something in it already; {a|b} and __lists__ are chosen by seed.",
    )
    negative = st.text_area("What must not be in it", card.negative if card else "", key=f"{key}:negative", height=70)
    if blanks := _blanks(prompt + " " + negative):
        st.caption("Blanks: " + ", ".join(plain(blank) for blank in blanks))
    return {"name": name, "prompt": prompt, "negative": negative}


def template_draft(values: dict[str, str]) -> TemplateDraft:
    """Raises backend.errors.Invalid."""
    return TemplateDraft(**values)


def _blanks(text: str) -> list[str]:
    try:
        return list(prompt_library.blanks(text))
    except StudioError:
        return []


def style_form(
    key: str, card: PromptStyleCard | None, influencer_cards: Sequence[InfluencerCard], models: Sequence[ModelCard]
) -> dict[str, object]:
    """Values of a `StyleDraft`."""
    names = {influencer.id: influencer.name for influencer in influencer_cards}
    left, right = st.columns(2, gap="small")
    name = left.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="Golden hour")
    options = ["", *names]
    current = card.influencer_id if card and card.influencer_id in names else ""
    influencer_id = right.selectbox(
        "For",
        options,
        index=options.index(current or ""),
        key=f"{key}:who",
        format_func=lambda influencer_id: names.get(influencer_id, "Everybody"),
    )
    prompt = st.text_area("Added to the prompt", card.prompt if card else "", key=f"{key}:prompt", height=80, max_chars=2000)
    negative = st.text_area("Kept out", card.negative if card else "", key=f"{key}:negative", height=68, max_chars=2000)
    return {
        "name": name,
        "influencer_id": influencer_id or None,
        "prompt": prompt,
        "negative": negative,
        "settings": _settings(key, card.settings if card else PromptStyleSettings(), models),
    }


def _settings(key: str, settings: PromptStyleSettings, models: Sequence[ModelCard]) -> dict[str, object]:
    titles = {model_card.name: model_card.title for model_card in models}
    with st.expander("Settings it brings", expanded=any(settings.model_dump(exclude_none=True).values())):
        left, right = st.columns(2, gap="small")
        sizes = list(generation.SIZES)
        size = left.selectbox(
            "Format",
            sizes,
            index=sizes.index(settings.size) if settings.size in sizes else None,
            key=f"{key}:size",
            format_func=lambda size_key: generation.SIZES[size_key].title,
            placeholder="Any",
        )
        model = right.selectbox(
            "Model",
            list(titles),
            index=list(titles).index(settings.model) if settings.model in titles else None,
            key=f"{key}:model",
            format_func=titles.__getitem__,
            placeholder="Any",
        )
        steps = left.number_input("Steps", 1, 150, settings.steps, key=f"{key}:steps", placeholder="The model's own")
        cfg = right.number_input(
            "Guidance (CFG)", 0.0, 30.0, settings.cfg, 0.5, key=f"{key}:cfg", placeholder="The model's own"
        )
        samplers = generation.choose_model(models, model or "").samplers if models else ()
        sampler = left.selectbox(
            "Sampler",
            samplers,
            index=samplers.index(settings.sampler) if settings.sampler in samplers else None,
            key=f"{key}:sampler",
            placeholder="The model's own",
        )
    return {"size": size, "model": model, "steps": steps, "cfg": cfg, "sampler": sampler}


def style_draft(values: dict[str, object]) -> PromptStyleDraft:
    """Raises backend.errors.Invalid."""
    return PromptStyleDraft(**values)
