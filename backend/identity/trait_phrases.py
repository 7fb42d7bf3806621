"""Traits as people say them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from backend.engines.local.starter_model.words import BEARDS, CLOTHES, GLASSES, TOPS


def describe_traits(traits: Mapping[str, str]) -> list[str]:
    """What the trait classifier found, in words: “purple hair”, “long wavy hair”, “no beard”."""
    return [_phrase(head, value) for head, value in traits.items()]


def _phrase(head: str, value: str) -> str:
    match head:
        case "hair" | "skin":
            return f"{value} {head}"
        case "top":
            return TOPS.get(value, value)
        case "clothes":
            return CLOTHES.get(value, value)
        case "glasses":
            return GLASSES.get(value, "no glasses")
        case "beard":
            return BEARDS.get(value, "no beard")
        case _:
            return f"{head}: {value}"
