"""What a score leads to: which pictures are shown, held or rejected, how many are drawn again, which references are read;
traits as people say them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from backend.engines.local.starter_model.words import BEARDS, CLOTHES, GLASSES, TOPS
from backend.identity.schemas import Gate, GateState, IdentityScore, ScoringContext
from backend.language import tr_lazy

MAX_REFERENCES = 64
"""More references make the centroid no steadier, and calibrating takes longer."""
GATES: dict[Gate, tuple[str, str]] = {
    "off": (tr_lazy("No check"), tr_lazy("Pictures get no score.")),
    "mark": (tr_lazy("Marked"), tr_lazy("Every picture is shown, with its score.")),
    "hold": (tr_lazy("Held for the face check"), tr_lazy("They wait in the face check until somebody shows or rejects them.")),
    "regenerate": (
        tr_lazy("Generated again"),
        tr_lazy("Another picture takes its place. What cannot be replaced goes to the face check."),
    ),
    "reject": (tr_lazy("Rejected"), tr_lazy("They stay out of the gallery. Nothing is deleted; you can show them later.")),
}
"""Gate -> its title and what it does."""
T = TypeVar("T")


def evenly_spaced(items: Sequence[T], limit: int = MAX_REFERENCES) -> list[T]:
    """At most `limit` items, evenly over the whole sequence, first and last included."""
    if len(items) <= limit:
        return list(items)
    return [items[round(i * (len(items) - 1) / (limit - 1))] for i in range(limit)]


def gate_state(gate: Gate, score: IdentityScore) -> GateState:
    """Gate state of a new picture. Under `regenerate` a failed picture is held, until it is known whether it was replaced."""
    if score.passed or gate in ("off", "mark"):
        return "open"
    return "rejected" if gate == "reject" else "held"


def replacements_needed(context: ScoringContext, *, requested: int, drawn: int, passed: int) -> int:
    """How many more to draw now: as many as are missing, at most `extra_max` beyond `requested` in all. `drawn` counts all
    pictures."""
    if context.gate != "regenerate" or context.reference is None:
        return 0
    allowed = requested + context.extra_max - drawn
    return max(0, min(requested - passed, allowed))


def excess(held: Mapping[str, float], *, requested: int, passed: int) -> list[str]:
    """Ids of held pictures that are not needed, worst score first: the best `requested - passed` stay held for review."""
    kept_count = max(0, requested - passed)
    ranked = sorted(held, key=lambda picture_id: (held[picture_id], picture_id))
    return ranked[: len(ranked) - kept_count] if kept_count < len(ranked) else []


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
