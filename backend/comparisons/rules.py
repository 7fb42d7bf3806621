"""From a training run to what a comparison draws: which versions, which prompts, in which order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.comparisons.schemas import CONTROL, MAX_CHECKPOINTS, Arm, ComparisonPlan, PlannedCell

PLACES = (
    "in the snowy mountains",
    "at the beach",
    "in a forest",
    "in the city at night",
    "in a cafe",
    "at sunset",
    "in a gym",
)
COLOURS = ("red", "yellow", "turquoise", "orange", "green", "blue", "white", "pink")
"""Places and colours of clothes that models know. A prompt with one that the LoRA was not trained on shows whether prompts are
still followed."""
DEFAULT_PROMPTS = 3
PICTURES_FOR_TWO_SEEDS = 40
"""Comparisons up to this size are proposed with two seeds, as one picture of a prompt may be luck."""


def evenly_spaced_steps(steps: Sequence[int], limit: int = MAX_CHECKPOINTS) -> tuple[int, ...]:
    """At most `limit` of the steps, evenly over the run, the first and the last included."""
    steps = sorted(set(steps))
    if len(steps) <= limit:
        return tuple(steps)
    return tuple(steps[round(i * (len(steps) - 1) / (limit - 1))] for i in range(limit))


def arms(plan: ComparisonPlan) -> list[Arm]:
    """In the order they are drawn: the control, then version by version, so that a LoRA is loaded once per strength."""
    drawn = [Arm(step, strength) for step in plan.steps for strength in plan.strengths]
    return [CONTROL, *drawn] if plan.control else drawn


def planned_cells(plan: ComparisonPlan) -> list[PlannedCell]:
    """Every cell, numbered in the order of drawing: arm, prompt, seed."""
    order = [
        (arm, prompt_n, seed_n)
        for arm in arms(plan)
        for prompt_n in range(len(plan.prompts))
        for seed_n in range(len(plan.seeds))
    ]
    return [PlannedCell(n, *cell) for n, cell in enumerate(order)]


def picture_count(steps: int, strengths: int, prompts: int, seeds: int, *, control: bool) -> int:
    """How many pictures a comparison draws."""
    return (steps * strengths + control) * prompts * seeds


def default_seeds(pictures_of_one: int) -> int:
    return 2 if pictures_of_one <= PICTURES_FOR_TWO_SEEDS else 1


def with_trigger_word(prompt: str, trigger_word: str) -> str:
    """The prompt with the trigger word in front, unless it is in it as a word of its own."""
    mentioned = re.search(rf"(?<![a-z0-9_]){re.escape(trigger_word.lower())}(?![a-z0-9_])", prompt.lower())
    return prompt.strip() if mentioned or not trigger_word else f"{trigger_word}, {prompt.strip()}"


def default_prompts(sample_prompts: Sequence[str], captions: Sequence[str], trigger_word: str) -> tuple[str, ...]:
    """One prompt from the run's sample prompts, the others with places and clothes that the captions do not mention."""
    caption_text = " ".join(captions).lower()
    places = _unmentioned_first(PLACES, caption_text)
    colours = _unmentioned_first(COLOURS, caption_text)
    familiar = [with_trigger_word(sample_prompts[0], trigger_word)] if sample_prompts else []
    subject = f"portrait of {trigger_word}" if trigger_word else "portrait"
    new = [f"{subject}, {place}, wearing {colour}" for place, colour in zip(places, colours, strict=False)]
    return tuple((familiar + new)[:DEFAULT_PROMPTS])


def _unmentioned_first(options: Sequence[str], caption_text: str) -> list[str]:
    return sorted(options, key=lambda word: re.search(rf"\b{re.escape(word)}\b", caption_text) is not None)
