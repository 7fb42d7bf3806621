"""What a score leads to: what is shown, held or rejected, how many are drawn anew, which references are looked at. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from backend.identity.schemas import Gate, Judge, State, Verdict

MOST_REFERENCES = 64
"""A centroid of more is no steadier, and a calibration stays a matter of seconds."""
GATES: dict[Gate, tuple[str, str]] = {
    "off": ("Is not looked for", "Pictures get no score."),
    "mark": ("Is marked", "Every picture is shown, with its score."),
    "hold": ("Is held", "It waits among the held pictures until somebody shows or rejects it."),
    "regenerate": ("Is drawn again", "Another one is drawn in its place. What cannot be replaced is held."),
    "reject": ("Is rejected", "It stays out of the gallery. Nothing is deleted; it can be shown later."),
}
"""Gate -> its name and what it does."""
T = TypeVar("T")


def spread(things: Sequence[T], most: int = MOST_REFERENCES) -> list[T]:
    """At most `most` of them, evenly over the whole sequence, first and last included."""
    if len(things) <= most:
        return list(things)
    return [things[round(i * (len(things) - 1) / (most - 1))] for i in range(most)]


def state(gate: Gate, verdict: Verdict) -> State:
    """Where a new picture goes. What `regenerate` could not replace is held: somebody looks before it is gone."""
    if verdict.passed or gate in ("off", "mark"):
        return "open"
    return "rejected" if gate == "reject" else "held"


def replacements_needed(judge: Judge, *, asked: int, drawn: int, passed: int) -> int:
    """How many more to draw now: as many as are missing, within the bound. `drawn` counts all, `passed` the good ones."""
    if judge.gate != "regenerate" or judge.reference is None:
        return 0
    left = asked + judge.extra_max - drawn
    return max(0, min(asked - passed, left))


def excess(held: Mapping[str, float], *, asked: int, passed: int) -> list[str]:
    """Held ones that are not needed: the best `asked - passed` stay for a look, worst scores first in the answer."""
    keep = max(0, asked - passed)
    ranked = sorted(held, key=lambda one: (held[one], one))
    return ranked[: len(ranked) - keep] if keep < len(ranked) else []
