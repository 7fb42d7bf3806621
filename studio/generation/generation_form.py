"""What to draw: a prompt and how many; size and person beside it, the rest folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend import generation, prompt_library
from backend.engines.image.port import ModelCard
from backend.generation import GenerationDraft, LoraPick, TemplatePick
from backend.influencers import InfluencerCard
from backend.loras import LoraCard
from backend.prompt_library import PromptStyleCard, TemplateCard
from backend.workflows import WorkflowCard
from studio.generation import engine_options_form
from studio.generation.look_form import finish_pills
from studio.shell import current_influencer
from studio.ui.format import plain


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form can offer here. `template`: the version that `start` picks; `last_seed`: of the last request."""

    influencers: Sequence[InfluencerCard]
    loras: Sequence[LoraCard]
    models: Sequence[ModelCard]
    styles: Sequence[PromptStyleCard] = ()
    template: TemplateCard | None = None
    last_seed: int | None = None
    workflows: Sequence[WorkflowCard] = ()


def generation_form(key: str, choices: Choices, start: GenerationDraft, *, disabled: bool, way: str = "one") -> GenerationDraft:
    """The request as it stands now; the caller draws the button. A new `key` starts again from `start`.

    `way`: `grid` and `list` say elsewhere how many pictures there are, a list also its prompts. Raises backend.errors.Invalid.
    """
    who = _who(key, choices, start, disabled)
    template = _template(key, choices.template, start, disabled) if choices.template and way != "list" else None
    prompt = "" if way == "list" else st.text_area(
        "Anything else? (optional)" if template else "What should the picture show?", start.prompt, key=f"{key}:prompt",
        height=80 if template else 110, max_chars=2000, disabled=disabled,
        placeholder="wearing a yellow shirt" if template else "portrait, at the beach, smiling, wearing a yellow shirt",
        help="{red|blue} and \\_\\_list\\_\\_ are chosen anew for each picture; \\<lora:name:0.8\\> draws with a LoRA.",
    )  # fmt: skip
    style = _style(key, choices, start, who, disabled)
    start = _styled(start, style)
    finish = finish_pills(key, start, disabled)
    workflow = engine_options_form.workflow(key, choices.workflows, choices.models, start, disabled)
    size, n = _size(key, start, disabled, way)
    with st.expander("LoRAs, model and more", icon=":material/tune:"):
        extra = _extra(key, choices, start, disabled)
        card = generation.choose_model(choices.models, extra["model"])
        extra |= engine_options_form.more(key, card, start, disabled)
    as_before = {"width": start.width, "height": start.height} if size == start.size else {}
    same = {name: getattr(start, name) for name in ("init_asset_id", "mask_asset_id", "feather")}
    return GenerationDraft(
        prompt=prompt, influencer_id=who, n=n, size=size, template=template, style_id=style.id if style else None,
        finish=finish, workflow_id=workflow, **same, **as_before, **extra,
    )  # fmt: skip


def _template(key: str, card: TemplateCard, start: GenerationDraft, disabled: bool) -> TemplatePick:
    """One field for each blank."""
    before = start.template.values if start.template else {}
    columns = st.columns(2, gap="small")
    values = {
        name: columns[at % 2].text_input(
            name.replace("_", " ").capitalize(), before.get(name, ""), key=f"{key}:blank:{card.id}:{name}", max_chars=500,
            placeholder=default or "say what", disabled=disabled,
        )
        for at, (name, default) in enumerate(prompt_library.blanks(f"{card.prompt} {card.negative}").items())
    }  # fmt: skip
    return TemplatePick(template_id=card.id, version=card.version, values=values)


def _style(key: str, choices: Choices, start: GenerationDraft, who: str | None, disabled: bool) -> PromptStyleCard | None:
    """Offered only where there is one: everybody's, and the influencer's own."""
    mine = {card.id: card for card in choices.styles if card.influencer_id in (None, who)}
    if not mine:
        return None
    options = ["", *mine]
    chosen = st.selectbox(
        "Style", options, index=options.index(start.style_id) if start.style_id in mine else 0, key=f"{key}:style:{who}",
        format_func=lambda one: mine[one].name if one else "None", disabled=disabled,
    )  # fmt: skip
    return mine.get(chosen or "")


def _styled(start: GenerationDraft, style: PromptStyleCard | None) -> GenerationDraft:
    """What the fields below begin with: a style that was just chosen brings settings of its own."""
    if style is None or style.id == start.style_id:
        return start
    own = style.settings.model_dump(exclude_none=True)
    return start.model_copy(update={**own, "style_id": style.id, **({"width": None, "height": None} if "size" in own else {})})


def _who(key: str, choices: Choices, start: GenerationDraft, disabled: bool) -> str | None:
    names = {card.id: card.name for card in choices.influencers}
    if not names:
        return None
    first = start.influencer_id if start.influencer_id in names else current_influencer.influencer(list(names))
    options = [*names, ""]
    chosen = st.selectbox(
        "Who is in it?", options, index=options.index(first) if first else 0, key=f"{key}:who", disabled=disabled,
        format_func=lambda one: names.get(one, "Nobody in particular"),
    )  # fmt: skip
    current_influencer.work_with(chosen)
    return chosen or None


def _size(key: str, start: GenerationDraft, disabled: bool, way: str) -> tuple[str, int]:
    names = list(generation.SIZES)
    if start.mask_asset_id:
        return start.size, st.slider("How many?", 1, generation.MOST, start.n, key=f"{key}:n", disabled=disabled)
    chosen = st.pills(
        "Format", names, default=start.size if start.size in names else names[0], key=_own(key, "size", start),
        disabled=disabled, format_func=lambda name: generation.SIZES[name].title.partition(" (")[0], required=True, wrap=True,
    )  # fmt: skip
    if way != "one":
        return str(chosen or names[0]), 1
    n = st.slider("How many?", 1, generation.MOST, start.n, key=f"{key}:n", disabled=disabled)
    return str(chosen or names[0]), n


def _own(key: str, name: str, start: GenerationDraft) -> str:
    """The key of a field that begins anew when another style is chosen."""
    return f"{key}:{name}:{start.style_id}" if start.style_id else f"{key}:{name}"


def _extra(key: str, choices: Choices, start: GenerationDraft, disabled: bool) -> dict[str, Any]:
    titles = {card.name: card.title for card in choices.models}
    names = list(titles)
    at = names.index(start.model) if start.model in names else 0
    model = st.selectbox(
        "Model", names, index=at, key=_own(key, "model", start), format_func=titles.__getitem__, disabled=disabled
    )
    card = generation.choose_model(choices.models, model or "")
    if card.note:
        st.caption(plain(card.note))
    negative = st.text_area(
        "What must not be in it", start.negative_prompt, key=f"{key}:negative", height=70, max_chars=2000, disabled=disabled
    )
    picks = _loras(key, [lora for lora in choices.loras if lora.base == card.base], start, disabled)
    left, right = st.columns(2)
    steps = left.number_input(
        "Steps", 1, 150, start.steps or card.steps, key=_own(key, f"steps:{card.name}", start), disabled=disabled
    )
    cfg = right.number_input(
        "Guidance (CFG)", 0.0, 30.0, card.cfg if start.cfg is None else start.cfg, 0.5,
        key=_own(key, f"cfg:{card.name}", start), disabled=disabled, help="How strictly the prompt is followed.",
    )  # fmt: skip
    sampler = left.selectbox(
        "Sampler",
        card.samplers,
        index=card.samplers.index(start.sampler if start.sampler in card.samplers else card.sampler),
        key=_own(key, f"sampler:{card.name}", start),
        disabled=disabled,
    )
    seed = right.number_input(
        "Seed", -1, 2**32 - 1, start.seed, key=f"{key}:seed", disabled=disabled,
        help="-1: a new one each time; the same seed draws the same picture.",
    )  # fmt: skip
    if choices.last_seed is not None and st.toggle(
        f"Keep the last seed ({choices.last_seed})", key=f"{key}:lock", disabled=disabled,
        help="Every request begins with the seed of the last one, until you turn this off.",
    ):  # fmt: skip
        seed = choices.last_seed
    look = st.toggle("Add the influencer's trigger word, look and LoRA", start.with_look, key=f"{key}:look", disabled=disabled)
    strength = start.strength
    if start.init_asset_id:
        strength = st.slider(
            "How much to change" if start.mask_asset_id else "How far from the starting picture",
            0.05,
            1.0,
            start.strength,
            0.05,
            key=f"{key}:strength",
            disabled=disabled,
        )
    return {
        "model": card.name, "negative_prompt": negative, "loras": picks, "steps": steps, "cfg": cfg, "sampler": sampler,
        "seed": seed, "with_look": look, "strength": strength,
    }  # fmt: skip


def _loras(key: str, cards: Sequence[LoraCard], start: GenerationDraft, disabled: bool) -> tuple[LoraPick, ...]:
    names, usual = {card.id: card.name for card in cards}, {card.id: card.weight for card in cards}
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
                f"Weight of {plain(names[one])}",
                -2.0,
                2.0,
                before.get(one, usual[one]),
                0.05,
                key=f"{key}:w:{one}",
                disabled=disabled,
            ),
        )
        for one in chosen
    )
