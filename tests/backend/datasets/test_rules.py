"""Look-alikes, blur, trigger words in captions, and what readiness says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.near_duplicates import find_groups
from backend.datasets.rules import assess_readiness, blur_threshold, has_word
from backend.datasets.schemas import Stats

GOOD = {"trigger_word": "bella", "rights": "They show me.", "max_images": 5000, "side": 512}


@given(st.lists(st.integers(0, 2**64 - 1), max_size=8), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 63)), max_size=8))
def test_groups_are_chains_of_near_hashes(hashes: list[int], copies: list[tuple[int, int]]) -> None:
    """Against the plain definition: connected by steps of at most two bits."""
    hashes += [hashes[at % len(hashes)] ^ (1 << bit) for at, bit in copies if hashes]
    groups = find_groups(hashes, 2)
    distances = [[(one ^ other).bit_count() for other in hashes] for one in hashes]
    for n in range(len(hashes)):
        others = [m for m in range(len(hashes)) if m != n and distances[n][m] <= 2]
        assert (n in groups) == bool(others)
        if others:
            assert groups[n].bits == min(distances[n][m] for m in others) == distances[n][groups[n].nearest]
            assert {groups[m].group for m in others} == {groups[n].group}
            assert groups[n].group == min(m for m in groups if groups[m].group == groups[n].group)


def test_the_same_pose_in_another_place_is_another_picture() -> None:
    beach, forest, unknown = "c8b090" * 16, "204020" * 16, ""
    assert find_groups([0, 1, 3], 6, [beach, forest, beach]).keys() == {0, 2}
    assert find_groups([0, 1], 6, [beach, unknown]).keys() == {0, 1}


@given(st.floats(0, 20_000))
def test_a_picture_as_sharp_as_its_set_is_never_blurred(median: float) -> None:
    threshold = blur_threshold(median)
    assert 4 <= threshold <= 150
    assert threshold <= max(median, 4)


def test_blur_and_words() -> None:
    assert blur_threshold(4000.0) == 150.0  # photographs
    assert blur_threshold(30.0) == pytest.approx(7.5)  # drawings: smooth by nature
    assert blur_threshold(None) == 4.0
    assert has_word("portrait of Bella, smiling", "bella")
    assert not has_word("isabella at the beach", "bella")
    assert not has_word("bella_2 smiling", "bella")
    assert not has_word("anything", "")


def test_a_good_set_is_ready() -> None:
    state = assess_readiness(Stats(images=12, included=12), **GOOD)
    assert state.ready
    assert (state.blockers, state.warnings) == ([], [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rights": ""}, "no_rights"),
        ({"trigger_word": ""}, "no_trigger_word"),
        ({"max_images": 10}, "too_many"),
        ({"expired": True}, "rights_expired"),
    ],
)
def test_blockers(change: dict[str, object], code: str) -> None:
    state = assess_readiness(Stats(images=12, included=12), **{**GOOD, **change})
    assert [finding.code for finding in state.blockers] == [code]


def test_too_few_says_how_many_more() -> None:
    [blocker] = assess_readiness(Stats(images=9, included=4), **GOOD).blockers
    assert blocker.sentence.startswith("Add 1 more picture:")


def test_warnings_count() -> None:
    stats = Stats(
        12, 8, blurred=1, dark=6, several_faces=7, near_duplicates=2, uncaptioned=3, without_trigger=4, low_resolution=5
    )
    state = assess_readiness(stats, **GOOD)
    assert state.ready
    assert {finding.code: finding.count for finding in state.warnings} == {
        "few": 8,
        "blurred": 1,
        "near_duplicates": 2,
        "uncaptioned": 3,
        "without_trigger": 4,
        "low_resolution": 5,
        "dark": 6,
        "several_faces": 7,
    }
    assert "512 px" in "".join(finding.sentence for finding in state.warnings)
    assert "low_resolution" not in {finding.code for finding in assess_readiness(stats, **{**GOOD, "side": None}).warnings}


def test_far_too_small_pictures_stop_a_training() -> None:
    state = assess_readiness(Stats(images=12, included=12, too_small=2), **GOOD)
    assert [(finding.code, finding.count) for finding in state.blockers] == [("too_small", 2)]


def test_a_set_of_faces_only_is_one_sided() -> None:
    assert [finding.code for finding in assess_readiness(Stats(30, 30, face=19, bust=1, unknown=10), **GOOD).warnings] == [
        "framing"
    ]
    assert assess_readiness(Stats(30, 30, face=15, bust=5), **GOOD).warnings == []
    assert assess_readiness(Stats(30, 30, face=9), **GOOD).warnings == []  # too few faces found to say anything
