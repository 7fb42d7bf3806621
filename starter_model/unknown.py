"""Phrases that the starter model does not know: what its text encoder learns to leave alone. Pure.

Hard ones have a known word in another sense: a red bicycle says nothing about clothes, window light nothing about skin.
"""

from __future__ import annotations

import random

from backend.engines.local.starter_model.words import CLOTH_COLORS, HAIR_COLORS

# fmt: off
_NOUNS = (
    "bicycle", "umbrella", "camera", "kitchen", "book", "window", "garden", "train", "dog", "guitar", "river", "table",
    "market", "ticket", "laptop", "bread", "plant", "lamp", "door", "sofa", "balcony", "phone", "bag", "boat", "horse",
    "cup", "street", "park", "station", "car", "museum", "library", "rooftop", "field", "lake", "piano", "cake",
)
_ACTIONS = (
    "walking towards", "holding", "looking at", "sitting near", "standing beside", "running past", "reading", "carrying",
    "leaning on", "waiting for", "drawing", "fixing", "buying", "dancing around", "jumping over",
)
_ADJECTIVES = (
    "ordinary", "natural", "soft", "warm", "old", "bright", "cinematic", "dramatic", "golden", "quiet", "modern", "rainy",
    "busy", "vintage", "cosy", "empty", "misty", "elegant", "casual", "foggy", "lovely", "wild", "simple",
)
_PHRASES = (
    "an ordinary day", "natural colours", "golden hour", "soft morning light", "overcast daylight", "warm evening light",
    "bright midday sun", "window light", "blue hour", "half-body portrait", "close-up portrait", "full-body shot",
    "candid shot from the side", "over-the-shoulder view", "wide shot with surroundings", "low-angle shot", "seated portrait",
    "looking away, candid", "detail shot of the hands", "shallow depth of field", "film grain", "8k", "ultra realistic",
    "rule of thirds", "studio lighting", "freckles", "long legs", "slim", "20 years old", "young", "instagram style",
    "coffee before sunrise", "rainy days", "at home", "with friends", "on a bike", "light rain", "black and white photo",
    "red lips", "green eyes", "blue eyes", "brown eyes", "white teeth", "golden earrings", "silver necklace",
)
# fmt: on
_COLOURS = (*CLOTH_COLORS, *HAIR_COLORS, "light", "dark", "short", "long")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def unknown_phrase(rng: random.Random) -> str:
    """One to six words that name nothing the model knows."""
    noun = rng.choice(_NOUNS) if rng.random() < 0.75 else _random_word(rng)
    match rng.randrange(6):
        case 0:
            return rng.choice(_PHRASES)
        case 1:
            return f"{rng.choice(_ACTIONS)} {rng.choice(('the', 'a', 'an old'))} {noun}"
        case 2:
            return f"{rng.choice(_ADJECTIVES)} {noun}"
        case 3:
            return f"{rng.choice(('holding a', 'a', 'with a', 'near a', 'on a'))} {rng.choice(_COLOURS)} {noun}"
        case 4:
            return f"{noun} {rng.choice(('in the background', 'on the table', 'behind', 'everywhere', 'at night'))}"
        case _:
            return " ".join(_random_word(rng) for _ in range(rng.randint(1, 3)))


def _random_word(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 9)))
