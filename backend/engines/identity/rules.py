"""What identity readings mean: a reference set, a score of 0..1, and a threshold calibrated per set and embedder. Pure.

A score of one embedder says nothing about another's: what separates two people is 0.3 in one space and 0.9 in the next, so
a threshold comes from the references themselves (each one scored against the others) and never from a constant.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from backend.engines.identity.port import Reading
from backend.errors import Invalid

MIN_REFERENCES = 3
AGREE = 0.75
"""Share of the references that must have the same value for a trait to be fixed: the classifier itself errs now and then."""
K = 2.0
"""Standard deviations below the references' own mean that still pass."""
MIN_TRAITS = 2
"""A score over one trait is all or nothing: clearly right pictures would get 0."""
NEVER_FIXED = frozenset({"scene", "cloth"})
"""What a prompt changes: place and colour of clothes are nobody's identity, however often a set repeats them."""
_VECTOR_SLACK = 0.02
_LOWEST_TRAITS, _LOWEST_VECTOR = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Reference:
    """What a set of references has in common: a unit `centroid`, or the `traits` they agree on."""

    embedder: str
    centroid: tuple[float, ...] = ()
    traits: dict[str, str] = field(default_factory=dict)


def reference(readings: Sequence[Reading]) -> Reference:
    """Raises Invalid: too few, of different embedders, or agreeing on nothing."""
    embedder = _embedder(readings)
    if readings[0].vector:
        return Reference(embedder, centroid=_centroid(readings))
    traits = fixed_traits(readings)
    if len(traits) < MIN_TRAITS:
        many = "only one trait" if traits else "no trait"
        raise Invalid(f"These references agree on {many}: they seem to show different people. Choose pictures of one person.")
    return Reference(embedder, traits=traits)


def fixed_traits(readings: Sequence[Reading]) -> dict[str, str]:
    """Head -> value for every trait that at least `AGREE` of the readings share."""
    fixed: dict[str, str] = {}
    for head in (head for head in readings[0].traits if head not in NEVER_FIXED):
        value, times = Counter(reading.traits[head] for reading in readings).most_common(1)[0]
        if times >= AGREE * len(readings):
            fixed[head] = value
    return fixed


def score(reference: Reference, reading: Reading) -> float:
    """0..1: the share of the fixed traits found, or the cosine to the centroid. Raises Invalid for another embedder's."""
    if reading.embedder != reference.embedder:
        raise Invalid(
            f"This picture was read by {reading.embedder}, the references by {reference.embedder}. Calibrate again, then score."
        )
    if reference.traits:
        return sum(reading.traits.get(head) == value for head, value in reference.traits.items()) / len(reference.traits)
    return _clamp(_dot(reference.centroid, reading.vector), 0.0, 1.0)


def leave_one_out(readings: Sequence[Reading]) -> tuple[float, ...]:
    """Each reading's score against all the others, in order: how alike the references are among themselves."""
    embedder = _embedder(readings)
    if not readings[0].vector:
        heads = set(fixed_traits(readings))
        return tuple(_left_out(readings, i, heads, embedder) for i in range(len(readings)))
    total = [math.fsum(column) for column in zip(*(reading.vector for reading in readings), strict=True)]
    return tuple(
        _clamp(_dot(_unit([all_ - own for all_, own in zip(total, one.vector, strict=True)]), one.vector), 0.0, 1.0)
        for one in readings
    )


def threshold(scores: Sequence[float], *, traits: int = 0, k: float = K) -> float:
    """Mean of the leave-one-out scores minus `k` standard deviations, clamped.

    `traits`: how many the reference has (0: vectors). References that agree perfectly say nothing about how much a good
    picture may differ, so one missed trait (or a cosine 0.02 lower) always passes.
    """
    if len(scores) < MIN_REFERENCES:
        raise Invalid(f"A threshold needs at least {MIN_REFERENCES} references.")
    slack = 1 / traits if traits else _VECTOR_SLACK
    lowest = _LOWEST_TRAITS if traits else _LOWEST_VECTOR
    mean = fmean(scores)
    line = min(mean - k * stdev(scores), mean - slack, 1 - slack)
    # Rounded down to the cent, so that a picture at the line passes whatever its last bits are.
    return math.floor(_clamp(line, lowest, 1.0) * 100 + 1e-6) / 100


def passing(scores: Sequence[float], line: float) -> int:
    """How many of these scores reach `line`."""
    return sum(passes(one, line) for one in scores)


def passes(score: float, line: float) -> bool:
    return score >= line - 1e-9


def _left_out(readings: Sequence[Reading], i: int, heads: set[str], embedder: str) -> float:
    """Against what the others agree on; a trait that only this one's vote made fixed counts as missed."""
    others = fixed_traits([*readings[:i], *readings[i + 1 :]])
    common = {head: value for head, value in others.items() if head in heads}
    return score(Reference(embedder, traits=common), readings[i]) * len(common) / len(heads) if common else 0.0


def _embedder(readings: Sequence[Reading]) -> str:
    if len(readings) < MIN_REFERENCES:
        raise Invalid(f"Choose at least {MIN_REFERENCES} reference pictures; 10 or more make the score steadier.")
    names = {reading.embedder for reading in readings}
    if len(names) > 1:
        raise Invalid(f"These references were read by different embedders ({', '.join(sorted(names))}). Calibrate again.")
    return names.pop()


def _centroid(readings: Sequence[Reading]) -> tuple[float, ...]:
    return tuple(_unit([math.fsum(column) for column in zip(*(reading.vector for reading in readings), strict=True)]))


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / length for value in vector] if length > 1e-12 else [0.0] * len(vector)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
