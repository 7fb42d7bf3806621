"""The look presets “casual photo” and “studio”: words added to a prompt that does not say otherwise. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from backend.engines.local.starter_model.words import MOUTHS, SCENES

LOOK_PRESET_TITLES = {"": "As written", "casual": "Casual photo", "studio": "Studio"}


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
