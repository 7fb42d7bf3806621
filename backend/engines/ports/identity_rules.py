"""What identity readings mean: a reference set, a score of 0..1, and a threshold calibrated per set and embedder. Pure.

Scores of different embedders are not comparable: two people may differ by 0.3 in one space and by 0.9 in another. So the
threshold is computed from the references (each scored against the others) and is never a constant.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from backend.engines.ports.identity import Reading
from backend.errors import Invalid
from backend.language import tr_lazy

MIN_REFERENCES = 3
MIN_AGREEMENT = 0.75
"""Share of the references that must agree on a trait to fix it. Less than all, because the classifier makes errors."""
DEVIATIONS = 2.0
"""Standard deviations below the references' mean that still pass."""
MIN_TRAITS = 2
"""With one trait the score is 0 or 1: good pictures would get 0."""
NEVER_FIXED = frozenset({"scene", "cloth"})
"""Traits that a prompt changes (place, colour of clothes): no part of an identity, however often the references agree."""
_VECTOR_SLACK = 0.02
_LOWEST_TRAITS, _LOWEST_VECTOR = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class IdentityReference:
    """What the reference pictures have in common: a unit vector `centroid`, or the `traits` they agree on."""

    embedder: str
    centroid: tuple[float, ...] = ()
    traits: dict[str, str] = field(default_factory=dict)


def build_reference(readings: Sequence[Reading]) -> IdentityReference:
    """Raises Invalid if the readings are too few, of different embedders, or agree on too little."""
    embedder = _embedder(readings)
    if readings[0].vector:
        return IdentityReference(embedder, centroid=_centroid(readings))
    traits = fixed_traits(readings)
    if len(traits) < MIN_TRAITS:
        count_text = "only one trait" if traits else "no trait"
        raise Invalid(
            tr_lazy(
                "These references agree on {count_text}: they seem to show different people. Choose pictures of one person.",
                count_text=count_text,
            )
        )
    return IdentityReference(embedder, traits=traits)


def fixed_traits(readings: Sequence[Reading]) -> dict[str, str]:
    """Head -> value for every trait that at least `AGREE` of the readings share."""
    fixed: dict[str, str] = {}
    for head in (head for head in readings[0].traits if head not in NEVER_FIXED):
        value, times = Counter(reading.traits[head] for reading in readings).most_common(1)[0]
        if times >= MIN_AGREEMENT * len(readings):
            fixed[head] = value
    return fixed


def score(reference: IdentityReference, reading: Reading) -> float:
    """0..1: the share of the fixed traits found, or the cosine to the centroid. Raises Invalid for another embedder's."""
    if reading.embedder != reference.embedder:
        raise Invalid(
            tr_lazy(
                "This picture was measured by {embedder}, the references by {other_embedder}. Calibrate again, then score.",
                embedder=reading.embedder,
                other_embedder=reference.embedder,
            )
        )
    if reference.traits:
        return sum(reading.traits.get(head) == value for head, value in reference.traits.items()) / len(reference.traits)
    return _clamp(_dot(reference.centroid, reading.vector), 0.0, 1.0)


def leave_one_out(readings: Sequence[Reading]) -> tuple[float, ...]:
    """Each reading's score against all the others, in order: how alike the references are among themselves."""
    embedder = _embedder(readings)
    if not readings[0].vector:
        heads = set(fixed_traits(readings))
        return tuple(_score_against_others(readings, i, heads, embedder) for i in range(len(readings)))
    total = [math.fsum(column) for column in zip(*(reading.vector for reading in readings), strict=True)]
    return tuple(
        _clamp(
            _dot(
                _unit([total_value - own_value for total_value, own_value in zip(total, reading.vector, strict=True)]),
                reading.vector,
            ),
            0.0,
            1.0,
        )
        for reading in readings
    )


def threshold(scores: Sequence[float], *, traits: int = 0, k: float = DEVIATIONS) -> float:
    """Mean of the leave-one-out scores minus `k` standard deviations, clamped.

    `traits`: how many the reference has (0: vectors). References that agree perfectly say nothing about how much a good
    picture may differ, so one missed trait (or a cosine 0.02 lower) always passes.
    """
    if len(scores) < MIN_REFERENCES:
        raise Invalid(tr_lazy("A threshold needs at least {min_references} references.", min_references=MIN_REFERENCES))
    slack = 1 / traits if traits else _VECTOR_SLACK
    lowest = _LOWEST_TRAITS if traits else _LOWEST_VECTOR
    mean = fmean(scores)
    cutoff = min(mean - k * stdev(scores), mean - slack, 1 - slack)
    # Rounded down to hundredths, so that a picture exactly at the threshold passes despite float error.
    return math.floor(_clamp(cutoff, lowest, 1.0) * 100 + 1e-6) / 100


def count_passing(scores: Sequence[float], threshold: float) -> int:
    """How many of these scores reach `threshold`."""
    return sum(passes(score, threshold) for score in scores)


def passes(score: float, threshold: float) -> bool:
    return score >= threshold - 1e-9


def _score_against_others(readings: Sequence[Reading], i: int, heads: set[str], embedder: str) -> float:
    """The score of reading `i` against the others; a trait fixed only by its own vote counts as missed."""
    others = fixed_traits([*readings[:i], *readings[i + 1 :]])
    common = {head: value for head, value in others.items() if head in heads}
    return score(IdentityReference(embedder, traits=common), readings[i]) * len(common) / len(heads) if common else 0.0


def _embedder(readings: Sequence[Reading]) -> str:
    if len(readings) < MIN_REFERENCES:
        raise Invalid(
            tr_lazy(
                "Choose at least {min_references} reference pictures; 10 or more make the score steadier.",
                min_references=MIN_REFERENCES,
            )
        )
    names = {reading.embedder for reading in readings}
    if len(names) > 1:
        raise Invalid(
            tr_lazy(
                "These references were measured by different models ({names}). Calibrate again.",
                names=", ".join(sorted(names)),
            )
        )
    return names.pop()


def _centroid(readings: Sequence[Reading]) -> tuple[float, ...]:
    return tuple(_unit([math.fsum(column) for column in zip(*(reading.vector for reading in readings), strict=True)]))


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / length for value in vector] if length > 1e-12 else [0.0] * len(vector)


def _dot(vector: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(vector, other, strict=True))


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
