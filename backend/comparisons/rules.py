"""From a run to what a trial draws: which checkpoints, which prompts, in which order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.comparisons.schemas import CONTROL, MOST_CHECKPOINTS, Arm, GridCell, Plan

PLACES = (
    "in the snowy mountains", "at the beach", "in a forest", "in the city at night", "in a cafe", "at sunset", "in a gym",
)  # fmt: skip
COLOURS = ("red", "yellow", "turquoise", "orange", "green", "blue", "white", "pink")
"""Places and colours of clothes that models know: a prompt with one the LoRA has not seen shows whether it still listens."""
PROMPTS = 3
PICTURES_FOR_TWO_SEEDS = 40
"""Trials up to this size are proposed with two seeds: one picture of a prompt may be luck."""


def spread_out(steps: Sequence[int], most: int = MOST_CHECKPOINTS) -> tuple[int, ...]:
    """At most `most` of them, evenly over the run; the first and the last are always there."""
    steps = sorted(set(steps))
    if len(steps) <= most:
        return tuple(steps)
    return tuple(steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most))


def arms(plan: Plan) -> list[Arm]:
    """In the order they are drawn: the control, then checkpoint by checkpoint, so that a LoRA is loaded once per strength."""
    drawn = [Arm(step, strength) for step in plan.steps for strength in plan.strengths]
    return [CONTROL, *drawn] if plan.control else drawn


def spots(plan: Plan) -> list[GridCell]:
    """Every cell, numbered in the order of drawing: arm, prompt, seed."""
    order = [
        (arm, prompt_n, seed_n)
        for arm in arms(plan)
        for prompt_n in range(len(plan.prompts))
        for seed_n in range(len(plan.seeds))
    ]
    return [GridCell(n, *one) for n, one in enumerate(order)]


def size(steps: int, strengths: int, prompts: int, seeds: int, *, control: bool) -> int:
    """How many pictures a trial draws."""
    return (steps * strengths + control) * prompts * seeds


def default_seeds(pictures_of_one: int) -> int:
    return 2 if pictures_of_one <= PICTURES_FOR_TWO_SEEDS else 1


def led(prompt: str, trigger_word: str) -> str:
    """The prompt as drawn: the trigger word leads when it is not said already as a word of its own."""
    said = re.search(rf"(?<![a-z0-9_]){re.escape(trigger_word.lower())}(?![a-z0-9_])", prompt.lower())
    return prompt.strip() if said or not trigger_word else f"{trigger_word}, {prompt.strip()}"


def default_prompts(sample_prompts: Sequence[str], captions: Sequence[str], trigger_word: str) -> tuple[str, ...]:
    """One prompt in the words of the training set, the others with places and clothes that its captions do not name."""
    said = " ".join(captions).lower()
    places = _new_first(PLACES, said)
    colours = _new_first(COLOURS, said)
    familiar = [led(sample_prompts[0], trigger_word)] if sample_prompts else []
    who = f"portrait of {trigger_word}" if trigger_word else "portrait"
    new = [f"{who}, {place}, wearing {colour}" for place, colour in zip(places, colours, strict=False)]
    return tuple((familiar + new)[:PROMPTS])


def _new_first(words: Sequence[str], said: str) -> list[str]:
    return sorted(words, key=lambda word: re.search(rf"\b{re.escape(word)}\b", said) is not None)
