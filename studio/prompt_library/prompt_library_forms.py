"""Fields of a wildcard, a template and a prompt style. Each form returns its values; the caller draws the button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation, prompt_library
from backend.engines.ports.image import ModelCard
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.language import tr, worded
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

_EXAMPLE = "portrait of {subject}, {place=at the beach}, {smiling|serious}"
"""A template, as people write prompts: in English."""


def wildcard_form(key: str, card: WildcardCard | None) -> tuple[str, str]:
    """(name, text); `wildcard_draft` makes the draft when it is saved."""
    name = st.text_input(tr("Name"), card.name if card else "", key=f"{key}:name", max_chars=60, placeholder=tr("places"))
    text = st.text_area(
        tr("One choice per line"),
        "\n".join(card.lines) if card else "",
        key=f"{key}:lines",
        height=240,
        placeholder=tr("at the beach\nin a cafe\n3::in the city at night"),
        help=tr(
            "{weight} takes a line three times as often. A line may hold {list} and {choice}. {remark} starts a comment.",
            weight="3::",
            list="\\_\\_other-lists\\_\\_",
            choice="{this|that}",
            remark="\\#",
        ),
    )
    shown_name = name.strip().lower() or tr("name")
    st.caption(tr("In a prompt: \\_\\_{name}\\_\\_", name=plain(shown_name)))
    return name, text


def wildcard_draft(name: str, text: str) -> WildcardDraft:
    """Raises backend.errors.Invalid."""
    return WildcardDraft(name=name, lines=tuple(text.splitlines()))


def template_form(key: str, card: TemplateCard | None) -> dict[str, str]:
    """Values of a `TemplateDraft`."""
    name = st.text_input(
        tr("Name"), card.name if card else "", key=f"{key}:name", max_chars=60, placeholder=tr("Beach portrait")
    )
    prompt = st.text_area(
        tr("Prompt with blanks"),
        card.prompt if card else "",
        key=f"{key}:prompt",
        height=140,
        max_chars=2000,
        placeholder=_EXAMPLE,
        help=tr(
            "{blank} is a blank; {filled} is filled in already; {choice} and {list} are chosen by seed.",
            blank="{subject}",
            filled="{place=at the beach}",
            choice="{a|b}",
            list="\\_\\_lists\\_\\_",
        ),
    )
    negative = st.text_area(tr("Negative prompt"), card.negative if card else "", key=f"{key}:negative", height=70)
    if blanks := _blanks(prompt + " " + negative):
        st.caption(tr("Blanks: {names}", names=", ".join(plain(blank) for blank in blanks)))
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
    name = left.text_input(
        tr("Name"), card.name if card else "", key=f"{key}:name", max_chars=60, placeholder=tr("Golden hour")
    )
    options = ["", *names]
    current = card.influencer_id if card and card.influencer_id in names else ""
    influencer_id = right.selectbox(
        tr("For"),
        options,
        index=options.index(current or ""),
        key=f"{key}:who",
        format_func=lambda influencer_id: names.get(influencer_id) or tr("Everybody"),
    )
    prompt = st.text_area(
        tr("Added to the prompt"), card.prompt if card else "", key=f"{key}:prompt", height=80, max_chars=2000
    )
    negative = st.text_area(
        tr("Negative prompt"), card.negative if card else "", key=f"{key}:negative", height=68, max_chars=2000
    )
    return {
        "name": name,
        "influencer_id": influencer_id or None,
        "prompt": prompt,
        "negative": negative,
        "settings": _settings(key, card.settings if card else PromptStyleSettings(), models),
    }


def _settings(key: str, settings: PromptStyleSettings, models: Sequence[ModelCard]) -> dict[str, object]:
    titles = {model_card.name: model_card.title for model_card in models}
    with st.expander(tr("Settings of the style"), expanded=any(settings.model_dump(exclude_none=True).values())):
        left, right = st.columns(2, gap="small")
        sizes = list(generation.SIZES)
        size = left.selectbox(
            tr("Format"),
            sizes,
            index=sizes.index(settings.size) if settings.size in sizes else None,
            key=f"{key}:size",
            format_func=lambda size_key: worded(generation.SIZES[size_key].title),
            placeholder=tr("Any"),
        )
        model = right.selectbox(
            tr("Model"),
            list(titles),
            index=list(titles).index(settings.model) if settings.model in titles else None,
            key=f"{key}:model",
            format_func=titles.__getitem__,
            placeholder=tr("Any"),
        )
        steps = left.number_input(tr("Steps"), 1, 150, settings.steps, key=f"{key}:steps", placeholder=tr("The model's own"))
        cfg = right.number_input(
            tr("Guidance (CFG)"), 0.0, 30.0, settings.cfg, 0.5, key=f"{key}:cfg", placeholder=tr("The model's own")
        )
        samplers = generation.choose_model(models, model or "").samplers if models else ()
        sampler = left.selectbox(
            tr("Sampler"),
            samplers,
            index=samplers.index(settings.sampler) if settings.sampler in samplers else None,
            key=f"{key}:sampler",
            placeholder=tr("The model's own"),
        )
    return {"size": size, "model": model, "steps": steps, "cfg": cfg, "sampler": sampler}


def style_draft(values: dict[str, object]) -> PromptStyleDraft:
    """Raises backend.errors.Invalid."""
    return PromptStyleDraft(**values)
