"""Traits as people say them."""

from __future__ import annotations

from backend import identity
from backend.engines.local.starter_model import characters


def test_a_characters_traits_read_like_a_description() -> None:
    bella = next(character for character in characters() if character.name == "bella")
    phrases = identity.describe_traits({**bella.traits, "beard": "none", "mood": "calm"})
    assert phrases == [
        "long wavy hair",
        "purple hair",
        "light skin",
        "round glasses",
        "blazer over a shirt",
        "no beard",
        "mood: calm",
    ]
