"""The form of a request: influencer, prompt, look preset, size and number; everything else in an expander."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal

import streamlit as st

from backend import generation, prompt_library
from backend.engines.ports.image import ModelCard
from backend.generation import GenerationDraft, LoraPick, Size, TemplatePick
from backend.influencers import InfluencerCard
from backend.language import tr, worded
from backend.loras import LoraCard
from backend.prompt_library import PromptStyleCard, TemplateCard
from backend.workflows import WorkflowCard
from studio.generation import engine_options_form
from studio.shell import current_influencer
from studio.ui.format import plain

LookPreset = Literal["", "casual", "studio"]
_OWN_FORMAT = "own"
_NEARLY = 0.1
_PRESETS: tuple[LookPreset, ...] = ("", "casual", "studio")


@dataclass(frozen=True, slots=True)
class GenerationChoices:
    """What the form can offer here. `template`: the version that the draft follows; `last_seed`: of the last request."""

    influencers: Sequence[InfluencerCard]
    loras: Sequence[LoraCard]
    models: Sequence[ModelCard]
    styles: Sequence[PromptStyleCard] = ()
    template: TemplateCard | None = None
    last_seed: int | None = None
    workflows: Sequence[WorkflowCard] = ()


def generation_form(
    key: str,
    choices: GenerationChoices,
    start: GenerationDraft,
    *,
    disabled: bool,
    mode: str = "one",
    edits_area: bool = False,
    on_prompt: Callable[[str], None] | None = None,
) -> GenerationDraft:
    """The draft as it stands now; the caller draws the button. A new `key` starts again from `start`.

    `mode`: one, grid or list. A grid and a list determine the number of pictures elsewhere, a list also the prompts.
    `edits_area`: an area of the start image is edited: the prompt comes first, and the size is that of the image.
    `on_prompt(key)` is called when the prompt has changed, with the key of its field.
    Raises backend.errors.Invalid.
    """
    first, second = st.container(), st.container()
    with second if edits_area else first:
        influencer_id = _influencer_select(key, choices, start, disabled)
    with first if edits_area else second:
        template = _template_fields(key, choices.template, start, disabled) if choices.template and mode != "list" else None
        prompt = _prompt_field(key, start, template, disabled, on_prompt) if mode != "list" else ""
    style = _style_select(key, choices, start, influencer_id, disabled)
    start = _with_style_settings(start, style)
    finish = look_preset_pills(key, start, disabled)
    workflow = engine_options_form.workflow_select(key, choices.workflows, choices.models, start, disabled)
    extra = _start_image_fields(key, start, disabled, edits_area)
    extra |= {} if edits_area else _format_fields(key, start, disabled)
    n = (
        st.slider(tr("How many?"), 1, generation.MAX_PICTURES, start.n, key=f"{key}:n", disabled=disabled)
        if mode == "one"
        else 1
    )
    with st.expander(tr("LoRAs, model and more"), icon=":material/tune:"):
        extra |= _advanced_fields(key, choices, start, disabled)
        card = generation.choose_model(choices.models, extra["model"])
        extra |= engine_options_form.engine_options(key, card, start, disabled)
    # What the form does not show stays as it is.
    unchanged = start.params() | {"init_asset_id": start.init_asset_id, "mask_asset_id": start.mask_asset_id}
    return GenerationDraft(
        prompt=prompt,
        influencer_id=influencer_id,
        n=n,
        template=template,
        style_id=style.id if style else None,
        finish=finish,
        workflow_id=workflow,
        **({"size": start.size} | unchanged | extra),
    )


def _prompt_field(
    key: str,
    start: GenerationDraft,
    template: TemplatePick | None,
    disabled: bool,
    on_prompt: Callable[[str], None] | None,
) -> str:
    return st.text_area(
        tr("Prompt (optional)") if template else tr("Prompt"),
        start.prompt,
        key=f"{key}:prompt",
        height=80 if template else 110,
        max_chars=2000,
        disabled=disabled,
        placeholder=tr("wearing a yellow shirt") if template else tr("portrait, at the beach, smiling, wearing a yellow shirt"),
        help=tr(
            "{choice} and {list} are chosen again for each picture; {lora} uses a LoRA.",
            choice="{red|blue}",
            list="\\_\\_list\\_\\_",
            lora="\\<lora:name:0.8\\>",
        ),
        on_change=on_prompt,
        args=(f"{key}:prompt",),
    )


def _template_fields(key: str, card: TemplateCard, start: GenerationDraft, disabled: bool) -> TemplatePick:
    """One field for each blank."""
    values_before = start.template.values if start.template else {}
    columns = st.columns(2, gap="small")
    values = {
        name: columns[column % 2].text_input(
            name.replace("_", " ").capitalize(),
            values_before.get(name, ""),
            key=f"{key}:blank:{card.id}:{name}",
            max_chars=500,
            placeholder=default or tr("fill in"),
            disabled=disabled,
        )
        for column, (name, default) in enumerate(prompt_library.blanks(f"{card.prompt} {card.negative}").items())
    }
    return TemplatePick(template_id=card.id, version=card.version, values=values)


def _style_select(
    key: str, choices: GenerationChoices, start: GenerationDraft, influencer_id: str | None, disabled: bool
) -> PromptStyleCard | None:
    """Prompt styles for everybody and for this influencer; nothing is drawn when there are none."""
    offered = {card.id: card for card in choices.styles if card.influencer_id in (None, influencer_id)}
    if not offered:
        return None
    options = ["", *offered]
    chosen = st.selectbox(
        tr("Prompt style"),
        options,
        index=options.index(start.style_id) if start.style_id in offered else 0,
        key=f"{key}:style:{influencer_id}",
        format_func=lambda style_id: offered[style_id].name if style_id else tr("None"),
        disabled=disabled,
    )
    return offered.get(chosen or "")


def _with_style_settings(start: GenerationDraft, style: PromptStyleCard | None) -> GenerationDraft:
    """The draft for the fields below: with the settings of a style that was just chosen."""
    if style is None or style.id == start.style_id:
        return start
    settings = style.settings.model_dump(exclude_none=True)
    return start.model_copy(
        update={**settings, "style_id": style.id, **({"width": None, "height": None} if "size" in settings else {})}
    )


def _influencer_select(key: str, choices: GenerationChoices, start: GenerationDraft, disabled: bool) -> str | None:
    names = {card.id: card.name for card in choices.influencers}
    if not names:
        return None
    preselected = start.influencer_id if start.influencer_id in names else current_influencer.current_influencer_id(list(names))
    options = [*names, ""]
    chosen = st.selectbox(
        tr("Influencer"),
        options,
        index=options.index(preselected) if preselected else 0,
        key=f"{key}:who",
        disabled=disabled,
        format_func=lambda influencer_id: names.get(influencer_id) or tr("No influencer"),
    )
    current_influencer.set_current_influencer(chosen)
    return chosen or None


def _format_fields(key: str, start: GenerationDraft, disabled: bool) -> dict[str, Any]:
    """A social format, or a shape of one's own in px."""
    titles = {name: worded(size.title).partition(" (")[0] for name, size in generation.SIZES.items()} | {
        _OWN_FORMAT: tr("Custom")
    }
    standard = start.size if start.size in generation.SIZES else next(iter(generation.SIZES))
    is_own = _is_own_format(start, generation.SIZES[standard])
    chosen = st.pills(
        tr("Format"),
        list(titles),
        default=_OWN_FORMAT if is_own else standard,
        key=_style_key(key, "size", start),
        disabled=disabled,
        format_func=titles.__getitem__,
        required=True,
        wrap=True,
    )
    if chosen != _OWN_FORMAT:
        # The same format keeps the size in px that a picture was drawn with.
        return {"size": chosen, **({} if chosen == standard and not is_own else {"width": None, "height": None})}
    left, right = st.columns(2)
    width = left.number_input(tr("Width (px)"), 64, 4096, start.width or 1080, 8, key=f"{key}:width", disabled=disabled)
    height = right.number_input(tr("Height (px)"), 64, 4096, start.height or 1440, 8, key=f"{key}:height", disabled=disabled)
    return {"size": standard, "width": width, "height": height}


def _is_own_format(start: GenerationDraft, standard: Size) -> bool:
    """Whether the draft's size in px has another shape than the format it names. Models draw a format's shape nearly."""
    if not start.width or not start.height:
        return False
    return abs(log(start.width / start.height * standard.height / standard.width)) > _NEARLY


def _start_image_fields(key: str, start: GenerationDraft, disabled: bool, edits_area: bool) -> dict[str, Any]:
    """How far the picture goes from its start image; nothing without one."""
    if not start.init_asset_id:
        return {}
    left, right = st.columns(2) if edits_area else (st.container(), None)
    strength = left.slider(
        tr("How much to change") if edits_area else tr("How far from the start image"),
        0.05,
        1.0,
        start.strength,
        0.05,
        key=f"{key}:strength:{edits_area}",
        disabled=disabled,
    )
    if right is None:
        return {"strength": strength}
    feather = right.slider(
        tr("Feather (px)"),
        0,
        64,
        start.feather or 8,
        key=f"{key}:feather",
        disabled=disabled,
        help=tr("How soft the edge of the painted area is."),
    )
    return {"strength": strength, "feather": feather}


def _style_key(key: str, name: str, start: GenerationDraft) -> str:
    """The key of a widget that is reset when another style is chosen."""
    return f"{key}:{name}:{start.style_id}" if start.style_id else f"{key}:{name}"


def _advanced_fields(key: str, choices: GenerationChoices, start: GenerationDraft, disabled: bool) -> dict[str, Any]:
    titles = {card.name: card.title for card in choices.models}
    names = list(titles)
    index = names.index(start.model) if start.model in names else 0
    model = st.selectbox(
        tr("Model"), names, index=index, key=_style_key(key, "model", start), format_func=titles.__getitem__, disabled=disabled
    )
    card = generation.choose_model(choices.models, model or "")
    if card.note:
        st.caption(plain(worded(card.note)))
    negative = st.text_area(
        tr("Negative prompt"), start.negative_prompt, key=f"{key}:negative", height=70, max_chars=2000, disabled=disabled
    )
    picks = _lora_fields(key, [lora for lora in choices.loras if lora.base == card.base], start, disabled)
    left, right = st.columns(2)
    steps = left.number_input(
        tr("Steps"), 1, 150, start.steps or card.steps, key=_style_key(key, f"steps:{card.name}", start), disabled=disabled
    )
    cfg = right.number_input(
        tr("Guidance (CFG)"),
        0.0,
        30.0,
        card.cfg if start.cfg is None else start.cfg,
        0.5,
        key=_style_key(key, f"cfg:{card.name}", start),
        disabled=disabled,
        help=tr("How closely the prompt is followed."),
    )
    sampler = left.selectbox(
        tr("Sampler"),
        card.samplers,
        index=card.samplers.index(start.sampler if start.sampler in card.samplers else card.sampler),
        key=_style_key(key, f"sampler:{card.name}", start),
        disabled=disabled,
    )
    seed = right.number_input(
        tr("Seed"),
        -1,
        2**32 - 1,
        start.seed,
        key=f"{key}:seed",
        disabled=disabled,
        help=tr("-1: a new seed each time. The same seed gives the same picture."),
    )
    if choices.last_seed is not None and st.toggle(
        tr("Keep the last seed ({seed})", seed=choices.last_seed),
        key=f"{key}:lock",
        disabled=disabled,
        help=tr("Every request uses the seed of the last one until you turn this off."),
    ):
        seed = choices.last_seed
    look = st.toggle(
        tr("Add the influencer's trigger word, look and LoRA"), start.with_look, key=f"{key}:look", disabled=disabled
    )
    return {
        "model": card.name,
        "negative_prompt": negative,
        "loras": picks,
        "steps": steps,
        "cfg": cfg,
        "sampler": sampler,
        "seed": seed,
        "with_look": look,
    }


def _lora_fields(key: str, cards: Sequence[LoraCard], start: GenerationDraft, disabled: bool) -> tuple[LoraPick, ...]:
    names, default_weights = {card.id: card.name for card in cards}, {card.id: card.weight for card in cards}
    weights_before = {pick.lora_id: pick.weight for pick in start.loras}
    chosen = st.multiselect(
        tr("LoRAs"),
        list(names),
        default=[lora_id for lora_id in weights_before if lora_id in names],
        format_func=names.__getitem__,
        key=f"{key}:loras",
        max_selections=8,
        disabled=disabled,
        placeholder=tr("The influencer's own") if names else tr("No LoRA for this model yet"),
    )
    return tuple(
        LoraPick(
            lora_id=lora_id,
            weight=st.slider(
                tr("Weight of {name}", name=plain(names[lora_id])),
                -2.0,
                2.0,
                weights_before.get(lora_id, default_weights[lora_id]),
                0.05,
                key=f"{key}:w:{lora_id}",
                disabled=disabled,
            ),
        )
        for lora_id in chosen
    )


def look_preset_pills(key: str, start: GenerationDraft, disabled: bool) -> LookPreset:
    """The look preset chosen, as a draft's `finish`."""
    chosen = st.pills(
        tr("Style"),
        _PRESETS,
        default=start.finish,
        key=f"{key}:finish",
        format_func=lambda preset: worded(generation.LOOK_PRESET_TITLES[preset]),
        disabled=disabled,
        required=True,
        wrap=True,
        help=tr("Adds words that this model knows, unless the prompt says otherwise. “Final prompt” shows them."),
    )
    return chosen or ""
