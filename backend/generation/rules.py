"""Prompts, sizes and seeds: from what a person wrote to what an engine draws. Pure."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from math import isfinite

from backend.errors import Invalid
from backend.generation.schemas import MAX_SEED, Size

SIZES: dict[str, Size] = {
    "square": Size("square", "Square 1:1 (feed)", 1080, 1080),
    "portrait": Size("portrait", "Portrait 4:5 (feed)", 1080, 1350),
    "story": Size("story", "Story 9:16 (reels, shorts)", 1080, 1920),
    "landscape": Size("landscape", "Landscape 16:9 (video cover)", 1920, 1080),
}
_TAG = re.compile(r"<\s*lora\s*:([^<>]*)>", re.IGNORECASE)


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
            raise Invalid("Write the LoRA's name between the colons, for example <lora:bella-v1:0.8>.")
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
        raise Invalid(f"The weight in <lora:{body}> must be a number between -2 and 2, for example <lora:name:0.8>.")
    return value


def _tidy_commas(prompt: str) -> str:
    """Removes double blanks and the commas that are left where a tag was taken out."""
    prompt = re.sub(r"[ \t]+", " ", prompt)
    prompt = re.sub(r"\s*,(?:\s*,)+", ",", prompt)
    return re.sub(r"\s+,", ",", prompt).strip(" ,\n")


def _contains_word(prompt: str, word: str) -> bool:
    return re.search(rf"(?<![a-z0-9_]){re.escape(word.lower())}(?![a-z0-9_])", prompt.lower()) is not None
