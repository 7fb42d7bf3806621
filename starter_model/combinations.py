"""Which combinations of attributes are kept out of training: decided by a hash, so no list has to be kept."""

from __future__ import annotations

import hashlib

from backend.engines.local.starter_model.words import HATS, Attributes

SHARE = 0.1


def combination(portrait: Attributes) -> tuple[str, ...]:
    """What makes a portrait a combination: head and its colour, skin, clothes and their colour, glasses, place."""
    colour = portrait["hat"] if portrait["top"] in HATS else portrait["hair"]
    return (
        portrait["top"],
        colour,
        portrait["skin"],
        portrait["clothes"],
        portrait["cloth"],
        portrait["glasses"] or "none",
        portrait["scene"],
    )


def held_out(portrait: Attributes) -> bool:
    """Whether this combination is kept for evaluation: the same tenth of all combinations on every machine."""
    digest = hashlib.sha256("|".join(combination(portrait)).encode()).digest()
    return int.from_bytes(digest[:4], "big") < SHARE * 2**32
