"""Which combinations of attributes training never sees: decided by a hash, so that no list can be forgotten."""

from __future__ import annotations

import hashlib

from backend.engines.starter_model.words import HATS, Attributes

SHARE = 0.1


def combination(seen: Attributes) -> tuple[str, ...]:
    """What makes a portrait a combination: head and its colour, skin, clothes and their colour, glasses, place."""
    colour = seen["hat"] if seen["top"] in HATS else seen["hair"]
    return (seen["top"], colour, seen["skin"], seen["clothes"], seen["cloth"], seen["glasses"] or "none", seen["scene"])


def held_out(seen: Attributes) -> bool:
    """Whether this combination is kept for evaluation: the same tenth of all combinations on every machine."""
    digest = hashlib.sha256("|".join(combination(seen)).encode()).digest()
    return int.from_bytes(digest[:4], "big") < SHARE * 2**32
