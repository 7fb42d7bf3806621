"""Prompts of the evaluation: held-out combinations of attributes, and a character in new places and clothes."""

from __future__ import annotations

import random

from backend.engines.local.starter_model import SampleCharacter, words
from backend.engines.local.starter_model.words import Attributes
from starter_model.combinations import held_out

HELD_OUT_SEED = 1015  # none of its 500 combinations was among the pictures of the weights before these


def held_out_prompts(count: int, seed: int = HELD_OUT_SEED) -> list[tuple[str, Attributes]]:
    """Full prompts whose combination of attributes is held out, with what they ask for."""
    from starter_model.pictures import attributes

    rng = random.Random(seed)
    prompts: list[tuple[str, Attributes]] = []
    while len(prompts) < count:
        portrait = attributes(rng)
        if held_out(portrait):
            prompts.append((words.full_prompt(rng, portrait), portrait))
    return prompts


def character_prompts(character: SampleCharacter, count: int) -> list[tuple[str, Attributes]]:
    """Prompts with the character's name, a mood, and places and colours that none of its captions names."""
    all_captions = " | ".join(path.read_text("utf-8").strip() for path in sorted(character.folder.glob("*.txt")))
    places = [scene for scene, phrase in words.SCENES.items() if phrase not in all_captions]
    colours = [colour for colour in words.CLOTH_COLORS if f"wearing {colour}" not in all_captions]
    moods = list(words.MOUTHS.values())[:3]
    scenes_and_colours = [(places[n % len(places)], colours[(n + n // len(places)) % len(colours)]) for n in range(count)]
    return [
        (
            f"portrait of {character.name}, {moods[n % 3]}, {words.SCENES[scene]}, wearing {colour}",
            {"scene": scene, "cloth": colour},
        )
        for n, (scene, colour) in enumerate(scenes_and_colours)
    ]


def other_name_prompts(character: SampleCharacter, count: int) -> list[tuple[str, Attributes]]:
    """Held-out full prompts of other names, none of which asks for more than one of the character's traits."""
    prompts = []
    for prompt, portrait in held_out_prompts(count * 10, seed=HELD_OUT_SEED + 1):
        shared = sum(portrait[head] == value for head, value in character.traits.items())
        if character.name not in prompt and shared <= 1:
            prompts.append((prompt, portrait))
    return prompts[:count]
