"""What a score leads to, for any figures."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from backend import identity
from backend.engines.local.starter_model import characters
from backend.engines.ports.identity_rules import IdentityReference
from backend.identity import GATES, Gate, IdentityScore, ScoringContext, rules

gates = st.sampled_from(get_args(Gate))
verdicts = st.builds(IdentityScore, score=st.none() | st.floats(0, 1), line=st.floats(0, 1), embedder=st.just("v:1"))


@given(gates, verdicts)
def test_only_what_falls_short_leaves_the_gallery_and_only_if_asked(gate: Gate, verdict: IdentityScore) -> None:
    state = rules.gate_state(gate, verdict)
    assert (state == "open") == (verdict.passed or gate in ("off", "mark"))
    assert (state == "rejected") == (not verdict.passed and gate == "reject")
    if verdict.score is None:
        assert state == "open"


@given(gates, st.integers(1, 16), st.integers(1, 16), st.data())
def test_drawing_anew_is_bounded_and_never_draws_what_is_not_missing(
    gate: Gate, requested: int, most: int, data: st.DataObject
) -> None:
    judge = ScoringContext(IdentityReference("v:1", centroid=(1.0,)), 0.5, gate, most)
    drawn, rounds, passed = requested, 0, data.draw(st.integers(0, requested))
    while k := rules.replacements_needed(judge, requested=requested, drawn=drawn, passed=passed):
        assert passed + k <= requested
        drawn, rounds, passed = drawn + k, rounds + 1, passed + data.draw(st.integers(0, k))
    assert drawn <= requested + most
    assert rounds <= most
    if gate == "regenerate":
        assert passed == requested or drawn == requested + most


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1), max_size=12), st.integers(1, 8), st.integers(0, 8))
def test_the_best_of_what_could_not_be_replaced_stay_for_a_look(held: dict[str, float], requested: int, passed: int) -> None:
    out = rules.excess(held, requested=requested, passed=passed)
    still_held = set(held) - set(out)
    assert len(out) == len(set(out))
    assert len(still_held) == min(len(held), max(0, requested - passed))
    assert all(held[stays] >= held[goes] for stays in still_held for goes in out)


@given(st.integers(0, 6000), st.integers(2, 64))
def test_references_are_spread_over_the_whole_set(n: int, most: int) -> None:
    chosen = rules.evenly_spaced(list(range(n)), most)
    assert len(chosen) == len(set(chosen)) == min(n, most)
    assert chosen == sorted(chosen)
    if n:
        assert (chosen[0], chosen[-1]) == (0, n - 1)


def test_every_gate_is_told() -> None:
    assert set(GATES) == set(get_args(Gate))
    assert identity.gate_state("hold", IdentityScore(0.4, 0.5, "v:1")) == "held"


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
