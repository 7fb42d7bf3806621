"""Scores and thresholds, for any readings."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports import identity_rules
from backend.engines.ports.identity import Reading
from backend.errors import Invalid

HEADS = {"hair": ["red", "black", "grey"], "glasses": ["none", "round"], "top": ["bun", "bob"], "scene": ["beach", "gym"]}
traits = st.fixed_dictionaries({head: st.sampled_from(values) for head, values in HEADS.items()})
trait_sets = st.lists(traits.map(lambda values: Reading("t:1", traits=values)), min_size=3, max_size=12)
numbers = st.floats(-1, 1).filter(lambda x: abs(x) > 1e-3)


def _unit(values: list[float]) -> Reading:
    length = math.sqrt(sum(value * value for value in values))
    return Reading("v:1", vector=tuple(value / length for value in values))


vector_sets = st.lists(st.lists(numbers, min_size=4, max_size=4).map(_unit), min_size=3, max_size=12)


@given(vector_sets)
def test_vectors_score_between_nothing_and_all(readings: list[Reading]) -> None:
    common, scores = identity_rules.build_reference(readings), identity_rules.leave_one_out(readings)
    line = identity_rules.threshold(scores)
    assert len(scores) == len(readings)
    assert all(0 <= score <= 1 for score in (*scores, *(identity_rules.score(common, score) for score in readings)))
    assert 0.05 <= line <= 0.98
    assert 0 <= identity_rules.count_passing(scores, line) <= len(readings)


@given(vector_sets)
def test_a_reference_is_nearer_to_a_set_that_holds_it(readings: list[Reading]) -> None:
    held = [identity_rules.score(identity_rules.build_reference(readings), reading) for reading in readings]
    assert all(own >= alone - 1e-6 for own, alone in zip(held, identity_rules.leave_one_out(readings), strict=True))


@given(trait_sets)
def test_traits_are_shares_of_what_the_set_agrees_on(readings: list[Reading]) -> None:
    fixed = identity_rules.fixed_traits(readings)
    assert "scene" not in fixed
    if len(fixed) < identity_rules.MIN_TRAITS:
        with pytest.raises(Invalid, match="different people"):
            identity_rules.build_reference(readings)
        return
    scores = identity_rules.leave_one_out(readings)
    assert all(
        0 <= score <= identity_rules.score(identity_rules.build_reference(readings), reading) + 1e-9
        for score, reading in zip(scores, readings, strict=True)
    )
    assert 0.5 <= identity_rules.threshold(scores, traits=len(fixed)) <= 1


@given(st.lists(st.floats(0, 1), min_size=3, max_size=40), st.integers(0, 8))
def test_most_references_pass_their_own_threshold(scores: list[float], heads: int) -> None:
    """Two standard deviations leave at most a quarter outside (Chebyshev), unless the floor was needed."""
    line = identity_rules.threshold(scores, traits=heads)
    if line > (0.5 if heads else 0.05):
        assert identity_rules.count_passing(scores, line) >= 0.74 * len(scores)


def test_a_perfect_set_forgives_one_trait() -> None:
    same = Reading("t:1", traits={"hair": "red", "glasses": "round", "top": "bun", "scene": "beach"})
    common = identity_rules.build_reference([same] * 5)
    line = identity_rules.threshold(identity_rules.leave_one_out([same] * 5), traits=len(common.traits))
    assert line == 0.66
    one_off = replace(same, traits={**same.traits, "hair": "grey"})
    two_off = replace(one_off, traits={**one_off.traits, "top": "bob"})
    assert [identity_rules.passes(identity_rules.score(common, reading), line) for reading in (same, one_off, two_off)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("heads", "says"), [(0, "no trait"), (1, "only one trait")])
def test_references_that_share_less_than_two_traits_are_no_reference(heads: int, says: str) -> None:
    people = [Reading("t:1", traits={"beard": "none" if heads else str(n), "hair": str(n)}) for n in range(4)]
    with pytest.raises(Invalid, match=f"agree on {says}: .* Choose pictures of one person"):
        identity_rules.build_reference(people)


def test_scores_of_different_embedders_never_meet() -> None:
    readings = [_unit([1.0, 0.1 * n, 0.2, 0.3]) for n in range(1, 5)]
    other_embedder = replace(readings[0], embedder="v:2")
    with pytest.raises(Invalid, match="different models"):
        identity_rules.build_reference([*readings, other_embedder])
    with pytest.raises(Invalid, match="Calibrate again"):
        identity_rules.score(identity_rules.build_reference(readings), other_embedder)
    with pytest.raises(Invalid, match="at least 3"):
        identity_rules.leave_one_out(readings[:2])
