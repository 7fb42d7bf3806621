"""“Casual photo” and “studio” as words a model knows: added to a prompt that does not say otherwise. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from backend.engines.starter_model.words import MOUTHS, SCENES

TITLES = {"": "As written", "casual": "Casual photo", "studio": "Studio"}


@dataclass(frozen=True, slots=True)
class _Part:
    """Words, left out when the prompt says one of `instead` already."""

    words: str
    instead: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Finish:
    parts: tuple[_Part, ...]
    negative: str = ""


_LIGHT = ("light", "lighting", "flash", "golden hour", "neon", "night")
_CAMERA = ("smartphone", "phone", "polaroid", "film", "lens", "35mm", "85mm", "dslr", "camera")
_PHOTO = {
    "casual": _Finish(
        (
            _Part("candid snapshot", ("candid", "snapshot", "selfie")),
            _Part("taken with a smartphone", _CAMERA),
            _Part("natural light", _LIGHT),
            _Part("unposed, everyday setting"),
        ),
        "studio lighting, professional retouching, plastic skin, perfect symmetry",
    ),
    "studio": _Finish(
        (
            _Part("professional studio portrait", ("portrait", "full body", "wide shot")),
            _Part("softbox lighting", _LIGHT),
            _Part("seamless backdrop", ("background", "backdrop")),
            _Part("85mm lens, sharp focus", _CAMERA),
        ),
        "snapshot, harsh flash, motion blur, clutter",
    ),
}
_PLACES, _MOODS = tuple(SCENES.values()), tuple(MOUTHS.values())
_STARTER = {
    "casual": _Finish((_Part("smiling", _MOODS), _Part("in a cafe", _PLACES))),
    "studio": _Finish((_Part("calm", _MOODS), _Part("in a studio", _PLACES))),
}
_BY_FAMILY = {"starter-128": _STARTER}


def words(finish: str, *, base: str, prompt: str) -> tuple[str, str]:
    """What to add to the prompt and to the negative prompt for a model of family `base`; empty for "" and unknown names."""
    found = _BY_FAMILY.get(base, _PHOTO).get(finish)
    if found is None:
        return "", ""
    said = prompt.lower()
    return ", ".join(part.words for part in found.parts if not any(word in said for word in part.instead)), found.negative
