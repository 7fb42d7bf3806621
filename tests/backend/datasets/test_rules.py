"""Look-alikes, blur, trigger words in captions, and what readiness says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.rules import blur_line, has_word, judge, nearest
from backend.datasets.schemas import Stats

GOOD = {"trigger_word": "bella", "rights": "They show me.", "max_images": 5000, "side": 512}


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=12))
def test_a_hash_is_near_as_far_as_its_bits_say(value: int, flipped: set[int]) -> None:
    other = value
    for bit in flipped:
        other ^= 1 << bit
    found = nearest(f"{value:016x}", [("far", ~value & (2**64 - 1)), ("img", other)])
    assert found == (("img", len(flipped)) if len(flipped) <= 6 else None)


def test_the_nearest_one_wins() -> None:
    assert nearest("0000000000000000", [("a", 0b111), ("b", 0b1), ("c", 0b11)]) == ("b", 1)
    assert nearest("0000000000000000", []) is None


def test_blur_and_words() -> None:
    assert blur_line(400.0) == 60.0  # photographs
    assert blur_line(12.0) == pytest.approx(4.2)  # drawings: smooth by nature
    assert blur_line(None) == 3.0
    assert has_word("portrait of Bella, smiling", "bella")
    assert not has_word("isabella at the beach", "bella")
    assert not has_word("bella_2 smiling", "bella")
    assert not has_word("anything", "")


def test_a_good_set_is_ready() -> None:
    state = judge(Stats(images=12, included=12), **GOOD)
    assert state.ready
    assert (state.blockers, state.warnings) == ([], [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rights": ""}, "no_rights"),
        ({"trigger_word": ""}, "no_trigger_word"),
        ({"max_images": 10}, "too_many"),
    ],
)
def test_blockers(change: dict[str, object], code: str) -> None:
    state = judge(Stats(images=12, included=12), **{**GOOD, **change})
    assert [one.code for one in state.blockers] == [code]


def test_too_few_says_how_many_more() -> None:
    [blocker] = judge(Stats(images=9, included=4), **GOOD).blockers
    assert blocker.sentence.startswith("Add 1 more picture:")


def test_warnings_count() -> None:
    stats = Stats(12, 8, blurred=1, near_duplicates=2, uncaptioned=3, without_trigger=4, low_resolution=5)
    state = judge(stats, **GOOD)
    assert state.ready
    assert {one.code: one.count for one in state.warnings} == {
        "few": 8,
        "blurred": 1,
        "near_duplicates": 2,
        "uncaptioned": 3,
        "without_trigger": 4,
        "low_resolution": 5,
    }
    assert "512 px" in state.warnings[-1].sentence
    assert "low_resolution" not in {one.code for one in judge(stats, **{**GOOD, "side": None}).warnings}
