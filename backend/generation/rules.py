"""From what a person wrote to what an engine draws: prompts, sizes, seeds, look presets (words added to a prompt that does not
say otherwise), and whether the model and the workflow support it. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite

from backend.engines.local.starter_model.words import MOUTHS, SCENES
from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.generation.schemas import MAX_SEED, GenerationDraft, Size
from backend.language import tr_lazy
from backend.workflows import WorkflowCard

SIZES: dict[str, Size] = {
    "square": Size("square", tr_lazy("Square 1:1 (feed)"), 1080, 1080),
    "portrait": Size("portrait", tr_lazy("Portrait 4:5 (feed)"), 1080, 1350),
    "story": Size("story", tr_lazy("Story 9:16 (reels, shorts)"), 1080, 1920),
    "landscape": Size("landscape", tr_lazy("Landscape 16:9 (video cover)"), 1920, 1080),
}
_TAG = re.compile(r"<\s*lora\s*:([^<>]*)>", re.IGNORECASE)
LOOK_PRESET_TITLES = {"": tr_lazy("None"), "casual": tr_lazy("Casual photo"), "studio": tr_lazy("Studio")}
ELSEWHERE = tr_lazy("Choose another model, or leave it out.")


@dataclass(frozen=True, slots=True)
class ExtractedLoras:
    """A prompt without its `<lora:…>` tags, and the (name, weight) of each tag, in order."""

    prompt: str
    loras: tuple[tuple[str, float], ...]


def extract_loras(prompt: str) -> ExtractedLoras:
    """Takes `<lora:name>` and `<lora:name:0.8>` out of a prompt; of a name used twice the last counts.

    Raises Invalid for a tag without a name and for a weight that is not between -2 and 2.
    """
    weights: dict[str, float] = {}
    for body in _TAG.findall(prompt):
        name, _, weight = body.partition(":")
        if not name.strip():
            raise Invalid(tr_lazy("Write the LoRA's name between the colons, for example <lora:bella-v1:0.8>."))
        weights[name.strip().lower()] = _weight(body, weight)
    return ExtractedLoras(_tidy_commas(_TAG.sub(" ", prompt)) if weights else prompt.strip(), tuple(weights.items()))


def assemble_prompt(prompt: str, trigger_word: str, look: str) -> str:
    """Trigger word, prompt and look, joined by commas; the trigger word and look are left out where the prompt has them."""
    parts = [prompt.strip()] if prompt.strip() else []
    if trigger_word and not _contains_word(prompt, trigger_word):
        parts.insert(0, trigger_word)
    if look.strip() and look.strip().lower() not in prompt.lower():
        parts.append(look.strip())
    return ", ".join(parts)


def join_phrases(first: str, *more: str) -> str:
    """The phrases that are not empty, joined by commas; `first` alone is returned unchanged."""
    added = [phrase for part in more if (phrase := part.strip(" ,\n"))]
    return ", ".join([first.strip().rstrip(","), *added] if first.strip() else added) if added else first


def seeds(first: int, n: int) -> list[int]:
    """`n` consecutive seeds from `first`; -1: from a random one."""
    start = secrets.randbelow(MAX_SEED + 1) if first < 0 else first
    return [(start + i) % (MAX_SEED + 1) for i in range(n)]


def _weight(body: str, weight: str) -> float:
    if not weight.strip():
        return 1.0
    try:
        value = float(weight)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not -2 <= value <= 2:
        raise Invalid(
            tr_lazy("The weight in <lora:{body}> must be a number between -2 and 2, for example <lora:name:0.8>.", body=body)
        )
    return value


def _tidy_commas(prompt: str) -> str:
    """Removes double blanks and the commas that are left where a tag was taken out."""
    prompt = re.sub(r"[ \t]+", " ", prompt)
    prompt = re.sub(r"\s*,(?:\s*,)+", ",", prompt)
    return re.sub(r"\s+,", ",", prompt).strip(" ,\n")


def _contains_word(prompt: str, word: str) -> bool:
    return re.search(rf"(?<![a-z0-9_]){re.escape(word.lower())}(?![a-z0-9_])", prompt.lower()) is not None


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words to add, left out when the prompt already has one of `instead`."""

    words: str
    instead: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _LookPreset:
    parts: tuple[_Phrase, ...]
    negative: str = ""


_LIGHT = ("light", "lighting", "flash", "golden hour", "neon", "night")
_CAMERA = ("smartphone", "phone", "polaroid", "film", "lens", "35mm", "85mm", "dslr", "camera")
_PHOTO = {
    "casual": _LookPreset(
        (
            _Phrase("candid snapshot", ("candid", "snapshot", "selfie")),
            _Phrase("taken with a smartphone", _CAMERA),
            _Phrase("natural light", _LIGHT),
            _Phrase("unposed, everyday setting"),
        ),
        "studio lighting, professional retouching, plastic skin, perfect symmetry",
    ),
    "studio": _LookPreset(
        (
            _Phrase("professional studio portrait", ("portrait", "full body", "wide shot")),
            _Phrase("softbox lighting", _LIGHT),
            _Phrase("seamless backdrop", ("background", "backdrop")),
            _Phrase("85mm lens, sharp focus", _CAMERA),
        ),
        "snapshot, harsh flash, motion blur, clutter",
    ),
}
_PLACES, _MOODS = tuple(SCENES.values()), tuple(MOUTHS.values())
_STARTER = {
    "casual": _LookPreset((_Phrase("smiling", _MOODS), _Phrase("in a cafe", _PLACES))),
    "studio": _LookPreset((_Phrase("calm", _MOODS), _Phrase("in a studio", _PLACES))),
}
_BY_FAMILY = {"starter-128": _STARTER}


def preset_words(finish: str, *, base: str, prompt: str) -> tuple[str, str]:
    """(words for the prompt, words for the negative prompt) of a look preset, for a model of family `base`; two empty strings
    for "" and unknown names."""
    preset = _BY_FAMILY.get(base, _PHOTO).get(finish)
    if preset is None:
        return "", ""
    lower_prompt = prompt.lower()
    return ", ".join(
        part.words for part in preset.parts if not any(word in lower_prompt for word in part.instead)
    ), preset.negative


def check_features(draft: GenerationDraft, model: ModelCard, workflow: WorkflowCard | None) -> None:
    """Raises Invalid with a sentence that says what to change."""
    if draft.pose and draft.init_asset_id:
        raise Invalid(tr_lazy("A pose and a start image cannot be combined. Remove one of them."))
    if draft.second_pass and draft.init_asset_id:
        raise Invalid(tr_lazy("A second pass works from a prompt only. Remove the start image, or upscale the result."))
    if workflow:
        _check_workflow(draft, model, workflow)
        return
    requested = {
        "picture": draft.init_asset_id and tr_lazy("start from an image"),
        "mask": draft.mask_asset_id and tr_lazy("change a part of a picture"),
        "pose": draft.pose and tr_lazy("use a pose"),
        "pose-photo": draft.pose
        and not draft.pose.drawn
        and tr_lazy("read a pose from a picture (only one drawn as a skeleton)"),
        "hires": draft.second_pass and tr_lazy("make a second, larger pass"),
    }
    for feature, ability in requested.items():
        if ability and feature not in model.features:
            raise Invalid(
                tr_lazy("{title} cannot {ability} here. {elsewhere}", title=model.title, ability=ability, elsewhere=ELSEWHERE)
            )


def _check_workflow(draft: GenerationDraft, model: ModelCard, workflow: WorkflowCard) -> None:
    if "graph" not in model.features:
        raise Invalid(
            tr_lazy(
                "The workflow {name} needs ComfyUI, which is not running. Choose the built-in workflow.",
                name=workflow.name,
            )
        )
    requested = {
        "picture": (draft.init_asset_id, tr_lazy("start image")),
        "mask": (draft.mask_asset_id, tr_lazy("mask")),
        "pose": (draft.pose, tr_lazy("picture of a pose")),
        "scale": (draft.second_pass, tr_lazy("second pass")),
        "lora": (draft.loras, "LoRA"),
    }
    for role, (value, noun) in requested.items():
        takes = role in workflow.takes
        if value and not takes:
            raise Invalid(
                tr_lazy(
                    "The workflow {name} uses no {noun}. Leave it out, or choose another workflow.",
                    name=workflow.name,
                    noun=noun,
                )
            )
        if not value and takes and role in {"picture", "mask", "pose"}:
            raise Invalid(tr_lazy("The workflow {name} needs a {noun}. Choose one first.", name=workflow.name, noun=noun))


def feature_notes(draft: GenerationDraft, workflow: WorkflowCard | None, width: int, height: int) -> list[str]:
    """Sentences about workflow, pose and second pass for the preview of a request."""
    lines: list[str] = []
    if workflow:
        lines.append(
            tr_lazy("Created with the workflow {name}; what it has no input for stays as in the workflow.", name=workflow.name)
        )
    if draft.pose:
        lines.append(tr_lazy("Uses the pose of a picture, at {strength:g}.", strength=draft.pose.strength))
    if draft.second_pass:
        scale = draft.second_pass.scale
        lines.append(
            tr_lazy("A second pass makes it {width} × {height} px.", width=round(width * scale), height=round(height * scale))
        )
    return lines
