"""Fields of a wildcard list, a template and a style. Each returns the draft as it stands; the caller draws the button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import generation, prompt_library
from backend.engines.image.port import ModelCard
from backend.errors import StudioError
from backend.influencers import InfluencerCard
from backend.prompt_library import (
    StyleCard,
    StyleDraft,
    StyleSettings,
    TemplateCard,
    TemplateDraft,
    WildcardCard,
    WildcardDraft,
)
from studio.ui.format import plain


def wildcard_form(key: str, card: WildcardCard | None) -> tuple[str, str]:
    """(name, text): `WildcardDraft` is made of it when it is saved."""
    name = st.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="places")
    text = st.text_area(
        "One choice a line", "\n".join(card.lines) if card else "", key=f"{key}:lines", height=240,
        placeholder="at the beach\nin a cafe\n3::in the city at night",
        help="3:: takes a line three times as often. A line may hold __other-lists__ and {this|that}. # begins a remark.",
    )  # fmt: skip
    st.caption(f"In a prompt: \\_\\_{plain(name.strip().lower() or 'name')}\\_\\_")
    return name, text


def wildcard_draft(name: str, text: str) -> WildcardDraft:
    """Raises backend.errors.Invalid."""
    return WildcardDraft(name=name, lines=tuple(text.splitlines()))


def template_form(key: str, card: TemplateCard | None) -> dict[str, str]:
    """Values of a `TemplateDraft`."""
    name = st.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="Beach portrait")
    prompt = st.text_area(
        "Prompt with blanks", card.prompt if card else "", key=f"{key}:prompt", height=140, max_chars=2000,
        placeholder="portrait of {subject}, {place=at the beach}, {smiling|serious}",
        help="{subject} is a blank; {place=at the beach} has something in it already; {a|b} and __lists__ are chosen by seed.",
    )  # fmt: skip
    negative = st.text_area("What must not be in it", card.negative if card else "", key=f"{key}:negative", height=70)
    if found := _blanks(prompt + " " + negative):
        st.caption("Blanks: " + ", ".join(plain(one) for one in found))
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
    key: str, card: StyleCard | None, people: Sequence[InfluencerCard], models: Sequence[ModelCard]
) -> dict[str, object]:
    """Values of a `StyleDraft`."""
    names = {one.id: one.name for one in people}
    left, right = st.columns(2, gap="small")
    name = left.text_input("Name", card.name if card else "", key=f"{key}:name", max_chars=60, placeholder="Golden hour")
    options = ["", *names]
    mine = card.influencer_id if card and card.influencer_id in names else ""
    who = right.selectbox(
        "For", options, index=options.index(mine or ""), key=f"{key}:who", format_func=lambda one: names.get(one, "Everybody")
    )
    prompt = st.text_area("Added to the prompt", card.prompt if card else "", key=f"{key}:prompt", height=80, max_chars=2000)
    negative = st.text_area("Kept out", card.negative if card else "", key=f"{key}:negative", height=68, max_chars=2000)
    return {
        "name": name, "influencer_id": who or None, "prompt": prompt, "negative": negative,
        "settings": _settings(key, card.settings if card else StyleSettings(), models),
    }  # fmt: skip


def _settings(key: str, now: StyleSettings, models: Sequence[ModelCard]) -> dict[str, object]:
    titles = {one.name: one.title for one in models}
    with st.expander("Settings it brings", expanded=any(now.model_dump(exclude_none=True).values())):
        left, right = st.columns(2, gap="small")
        sizes = list(generation.SIZES)
        size = left.selectbox(
            "Format", sizes, index=sizes.index(now.size) if now.size in sizes else None, key=f"{key}:size",
            format_func=lambda one: generation.SIZES[one].title, placeholder="Any",
        )  # fmt: skip
        model = right.selectbox(
            "Model", list(titles), index=list(titles).index(now.model) if now.model in titles else None, key=f"{key}:model",
            format_func=titles.__getitem__, placeholder="Any",
        )  # fmt: skip
        steps = left.number_input("Steps", 1, 150, now.steps, key=f"{key}:steps", placeholder="The model's own")
        cfg = right.number_input("Guidance (CFG)", 0.0, 30.0, now.cfg, 0.5, key=f"{key}:cfg", placeholder="The model's own")
        samplers = generation.choose_model(models, model or "").samplers if models else ()
        sampler = left.selectbox(
            "Sampler", samplers, index=samplers.index(now.sampler) if now.sampler in samplers else None, key=f"{key}:sampler",
            placeholder="The model's own",
        )  # fmt: skip
    return {"size": size, "model": model, "steps": steps, "cfg": cfg, "sampler": sampler}


def style_draft(values: dict[str, object]) -> StyleDraft:
    """Raises backend.errors.Invalid."""
    return StyleDraft(**values)
