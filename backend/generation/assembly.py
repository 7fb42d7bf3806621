"""From a draft to what will be drawn: template, style, wildcards, the influencer's look, LoRAs by name, the model's own values.

Reads only. A `RequestAssembler` looks each thing up once, however many pictures it assembles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend import assets, influencers, loras, prompt_library, workflows
from backend.assets import AssetCard
from backend.engines.ports.image import ImageParams, ModelCard, fit_size
from backend.errors import Invalid
from backend.generation import rules
from backend.generation.recipe import LoraRef, PictureRecipe, PoseRef, StyleRef, TemplateRef, WorkflowRef
from backend.generation.schemas import Assembled, GenerationDraft
from backend.influencers import InfluencerCard
from backend.language import tr_lazy
from backend.loras import LoraCard
from backend.prompt_library import PromptStyleCard
from backend.workflows import WorkflowCard

T = TypeVar("T")


def assemble(tx: Session, *, draft: GenerationDraft, models: Sequence[ModelCard]) -> Assembled:
    """What `start` would draw. `models`: `app.engines.image.models()`. Raises Invalid, NotFound with a sentence.

    Where wildcards make prompts differ from picture to picture, this is the picture of the draft's seed, or of seed 0.
    """
    return RequestAssembler(tx, models).assemble(draft, max(draft.seed, 0))


def choose_model(models: Sequence[ModelCard], name: str) -> ModelCard:
    """The model called `name`, or the first one when `name` is empty. Raises Invalid listing the names there are."""
    if model := next((card for card in models if name in ("", card.name)), None):
        return model
    if not models:
        raise Invalid(tr_lazy("The image engine offers no model right now. The System page says what it needs."))
    raise Invalid(
        tr_lazy(
            "The image engine has no model called {name}. It offers: {what}.",
            name=repr(name),
            what=", ".join(card.name for card in models),
        )
    )


def default_size(models: Sequence[ModelCard], size: str) -> str:
    """Key of SIZES for a picture whose shape nobody chose: `size`, or "square" where the first model draws only squares
    well."""
    return "square" if models and models[0].square else size


@dataclass(frozen=True, slots=True)
class _PromptParts:
    """Texts of a draft before wildcards are chosen. `prompt`: the person's with the template filled in; `negative`:
    theirs and the template's; `style`: its texts are added later."""

    prompt: str
    negative: str
    style: PromptStyleCard | None
    template: TemplateRef | None

    def texts(self) -> list[str]:
        own = [self.prompt, self.negative]
        return [*own, self.style.prompt, self.style.negative] if self.style else own


class RequestAssembler:
    """Turns drafts into recipes; what they refer to is read once and cached. `trial`: accepts a workflow that is not
    approved."""

    def __init__(self, tx: Session, models: Sequence[ModelCard], *, trial: bool = False) -> None:
        self._tx, self._models, self._trial = tx, models, trial
        self._cache: dict[Any, Any] = {}

    def recipe(self, draft: GenerationDraft, seed: int) -> PictureRecipe:
        """Of one picture. Raises Invalid, NotFound."""
        assembled = self.assemble(draft, seed)
        influencer, workflow = self._influencer(draft), self._workflow(draft)
        return PictureRecipe(
            asked=assembled.asked,
            prompt=assembled.prompt,
            negative_asked=self._resolved_texts(draft, seed)[1],
            negative_prompt=assembled.negative_prompt,
            with_look=draft.with_look,
            model=assembled.model,
            size=draft.size,
            seeds=[seed],
            loras=list(assembled.loras),
            init_asset_id=draft.init_asset_id,
            ai_mark=influencer.ai_mark if influencer else True,
            mask_asset_id=draft.mask_asset_id,
            template=assembled.template,
            style=assembled.style,
            finish=draft.finish,
            pose=PoseRef(**draft.pose.model_dump()) if draft.pose else None,
            workflow=WorkflowRef(graph_id=workflow.id, name=workflow.name) if workflow else None,
            **assembled.params(),
        )

    def prompts_as_written(self, draft: GenerationDraft) -> tuple[str, str]:
        """(prompt, negative prompt) as the person wrote them: the template filled in, wildcards not chosen."""
        parts = self._prompt_parts(draft)
        return parts.prompt, draft.negative_prompt

    def assemble(self, draft: GenerationDraft, seed: int) -> Assembled:
        model, workflow = self._model(draft), self._workflow(draft)
        rules.check_features(draft, model, workflow)
        influencer, parts = self._influencer(draft), self._prompt_parts(draft)
        chosen_prompt, chosen_negative = self._resolved_texts(draft, seed)
        extracted = rules.extract_loras(chosen_prompt)
        lora_refs = self._loras(draft, extracted, influencer, model)
        trigger, look, negative = (
            (influencer.trigger_word, influencer.look_prompt, influencer.look_negative)
            if influencer and draft.with_look
            else ("", "", "")
        )
        preset_words, preset_negative = rules.preset_words(draft.finish, base=model.base, prompt=f"{extracted.prompt} {look}")
        with_preset = rules.join_phrases(extracted.prompt, preset_words)
        prompt = rules.assemble_prompt(with_preset, trigger, look)
        if not prompt:
            raise Invalid(
                tr_lazy("Write what the picture should show, for example: portrait of a woman at the beach, smiling.")
            )
        params = _params(draft, model, self._size(draft, model))
        varies = any(prompt_library.has_choices(text) for text in parts.texts())
        return Assembled(
            prompt=prompt,
            negative_prompt=rules.assemble_prompt(rules.join_phrases(chosen_negative, preset_negative), "", negative),
            loras=lora_refs,
            model=model.name,
            notes=(
                *_notes(draft, model, params, lora_refs, prompt != with_preset and influencer is not None, parts, varies),
                *rules.feature_notes(draft, workflow, params.width, params.height),
            ),
            varies=varies,
            asked=chosen_prompt,
            template=parts.template,
            style=StyleRef(style_id=parts.style.id, name=parts.style.name, version=parts.style.version)
            if parts.style
            else None,
            **params.params(),
        )

    def _resolved_texts(self, draft: GenerationDraft, seed: int) -> tuple[str, str]:
        """(prompt, negative prompt) with the style's words added and wildcards chosen by `seed`.

        Each text has a salt of its own, so that the same wildcard in two texts is chosen independently.
        """
        parts = self._prompt_parts(draft)
        lists = self._cached(("lists", *parts.texts()), lambda: prompt_library.load_lists(self._tx, parts.texts()))
        salts = ("", "negative", "style", "style negative")
        resolved = [
            prompt_library.resolve(text, seed, lists, salt=salt) for text, salt in zip(parts.texts(), salts, strict=False)
        ]
        return rules.join_phrases(resolved[0], *resolved[2:3]), rules.join_phrases(resolved[1], *resolved[3:4])

    def _prompt_parts(self, draft: GenerationDraft) -> _PromptParts:
        style = (
            self._cached(("style", draft.style_id), lambda: prompt_library.style(self._tx, str(draft.style_id)))
            if draft.style_id
            else None
        )
        if (pick := draft.template) is None:
            return _PromptParts(draft.prompt, draft.negative_prompt, style, None)
        card = self._cached(
            ("template", pick.template_id, pick.version),
            lambda: prompt_library.template(self._tx, pick.template_id, pick.version),
        )
        filled = {name: pick.values.get(name, "") for name in prompt_library.blanks(f"{card.prompt} {card.negative}")}
        ref = TemplateRef(template_id=card.id, name=card.name, version=card.version, values=filled, extra=draft.prompt)
        prompt = rules.join_phrases(prompt_library.fill_blanks(card.prompt, filled), draft.prompt)
        return _PromptParts(
            prompt, rules.join_phrases(prompt_library.fill_blanks(card.negative, filled), draft.negative_prompt), style, ref
        )

    def _model(self, draft: GenerationDraft) -> ModelCard:
        """The draft's model, unless its workflow loads a checkpoint of its own that is on offer."""
        workflow = self._workflow(draft)
        own = workflow.checkpoint if workflow else ""
        return choose_model(self._models, own if own in {card.name for card in self._models} else draft.model)

    def _workflow(self, draft: GenerationDraft) -> WorkflowCard | None:
        if not draft.workflow_id:
            return None
        read = partial(workflows.usable, self._tx, draft.workflow_id, trial=self._trial)
        return self._cached(("workflow", draft.workflow_id), read)

    def _influencer(self, draft: GenerationDraft) -> InfluencerCard | None:
        if not draft.influencer_id:
            return None
        return self._cached(("who", draft.influencer_id), lambda: influencers.get(self._tx, str(draft.influencer_id)))

    def _loras(
        self, draft: GenerationDraft, extracted: rules.ExtractedLoras, influencer: InfluencerCard | None, model: ModelCard
    ) -> tuple[LoraRef, ...]:
        """Picked ones, then those written in the prompt (their weight wins), else the influencer's default; bases checked."""
        cards = [(self._lora(pick.lora_id), pick.weight) for pick in draft.loras]
        cards += [
            (self._cached(("lora named", name), partial(loras.by_name, self._tx, name)), weight)
            for name, weight in extracted.loras
        ]
        if not cards and draft.with_look and influencer and influencer.default_lora_id:
            default = self._lora(influencer.default_lora_id)
            cards = [(default, influencer.default_lora_weight)] if default.base == model.base else []
        for card, _ in cards:
            loras.check_base(card, model)
        return tuple({card.id: LoraRef(lora_id=card.id, name=card.name, weight=weight) for card, weight in cards}.values())

    def _lora(self, lora_id: str) -> LoraCard:
        return self._cached(("lora", lora_id), lambda: loras.get(self._tx, lora_id))

    def _size(self, draft: GenerationDraft, model: ModelCard) -> tuple[int, int]:
        if draft.mask_asset_id:
            source = self._picture(str(draft.init_asset_id))
            self._picture(draft.mask_asset_id)
            return source.width or model.side, source.height or model.side
        for asset_id in filter(None, (draft.init_asset_id, draft.pose.asset_id if draft.pose else None)):
            self._picture(asset_id)
        if draft.width and draft.height:
            return fit_size(model, draft.width, draft.height)
        if draft.size not in rules.SIZES:
            raise Invalid(
                tr_lazy(
                    "There is no size called {size}. Choose one of: {sizes}.",
                    size=repr(draft.size),
                    sizes=", ".join(rules.SIZES),
                )
            )
        return fit_size(model, rules.SIZES[draft.size].width, rules.SIZES[draft.size].height)

    def _picture(self, asset_id: str) -> AssetCard:
        card = self._cached(("asset", asset_id), lambda: assets.get(self._tx, asset_id))
        if card.kind != "image":
            raise Invalid(tr_lazy("Start image: this file is not a picture. Choose another."))
        return card

    def _cached(self, key: Any, read: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = read()
        value: T = self._cache[key]
        return value


def _params(draft: GenerationDraft, model: ModelCard, size: tuple[int, int]) -> ImageParams:
    """The draft's parameters; what it leaves empty is as the model recommends, where its card says that."""
    if draft.sampler and draft.sampler not in model.samplers:
        raise Invalid(
            tr_lazy(
                "{title} has no sampler called {sampler}. It offers: {samplers}.",
                title=model.title,
                sampler=repr(draft.sampler),
                samplers=", ".join(model.samplers),
            )
        )
    params = draft.params() | {"width": size[0], "height": size[1]}
    recommended = {name: getattr(model, name) for name, value in params.items() if value in (None, "") and hasattr(model, name)}
    unused = {} if draft.mask_asset_id else {"feather": 0}
    return ImageParams(**(params | recommended | unused))


def _notes(
    draft: GenerationDraft,
    model: ModelCard,
    params: ImageParams,
    lora_refs: tuple[LoraRef, ...],
    look_added: bool,
    parts: _PromptParts,
    varies: bool,
) -> tuple[str, ...]:
    notes: list[str] = [
        tr_lazy("{model} creates this at {width} × {height} px.", model=model.title, width=params.width, height=params.height)
    ]
    if draft.mask_asset_id:
        notes = [tr_lazy("Only the painted part changes; every other pixel stays as it is.")]
    if varies:
        notes.append(
            tr_lazy(
                "Words in {choices} and {lists} are chosen again for each picture; this is one example.",
                choices="{…}",
                lists="__…__",
            )
        )
    if parts.template:
        notes.append(
            tr_lazy("From the template {name}, version {version}.", name=parts.template.name, version=parts.template.version)
        )
    if parts.style:
        notes.append(tr_lazy("In the style {name}.", name=parts.style.name))
    if draft.finish:
        notes.append(
            tr_lazy(
                "Words for “{style}” were added, where the prompt does not say otherwise.",
                style=rules.LOOK_PRESET_TITLES[draft.finish],
            )
        )
    if look_added:
        notes.append(tr_lazy("The influencer's trigger word and look were added."))
    if lora_refs and not draft.loras and "<lora" not in parts.prompt.lower():
        notes.append(tr_lazy("Created with the influencer's LoRA {name}.", name=lora_refs[0].name))
    return tuple(notes)
