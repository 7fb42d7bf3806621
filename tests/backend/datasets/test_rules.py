"""Look-alikes, blur, trigger words in captions, and what readiness says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.near_duplicates import groups
from backend.datasets.rules import blur_line, has_word, judge
from backend.datasets.schemas import Stats

GOOD = {"trigger_word": "bella", "rights": "They show me.", "max_images": 5000, "side": 512}


@given(st.lists(st.integers(0, 2**64 - 1), max_size=8), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 63)), max_size=8))
def test_groups_are_chains_of_near_hashes(hashes: list[int], copies: list[tuple[int, int]]) -> None:
    """Against the plain definition: connected by steps of at most two bits."""
    hashes += [hashes[at % len(hashes)] ^ (1 << bit) for at, bit in copies if hashes]
    found = groups(hashes, 2)
    apart = [[(one ^ other).bit_count() for other in hashes] for one in hashes]
    for n in range(len(hashes)):
        others = [m for m in range(len(hashes)) if m != n and apart[n][m] <= 2]
        assert (n in found) == bool(others)
        if others:
            assert found[n].bits == min(apart[n][m] for m in others) == apart[n][found[n].nearest]
            assert {found[m].group for m in others} == {found[n].group}
            assert found[n].group == min(m for m in found if found[m].group == found[n].group)


def test_the_same_pose_in_another_place_is_another_picture() -> None:
    beach, forest, unknown = "c8b090" * 16, "204020" * 16, ""
    assert groups([0, 1, 3], 6, [beach, forest, beach]).keys() == {0, 2}
    assert groups([0, 1], 6, [beach, unknown]).keys() == {0, 1}


@given(st.floats(0, 20_000))
def test_a_picture_as_sharp_as_its_set_is_never_blurred(median: float) -> None:
    line = blur_line(median)
    assert 4 <= line <= 150
    assert line <= max(median, 4)


def test_blur_and_words() -> None:
    assert blur_line(4000.0) == 150.0  # photographs
    assert blur_line(30.0) == pytest.approx(7.5)  # drawings: smooth by nature
    assert blur_line(None) == 4.0
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
        ({"expired": True}, "rights_expired"),
    ],
)
def test_blockers(change: dict[str, object], code: str) -> None:
    state = judge(Stats(images=12, included=12), **{**GOOD, **change})
    assert [one.code for one in state.blockers] == [code]


def test_too_few_says_how_many_more() -> None:
    [blocker] = judge(Stats(images=9, included=4), **GOOD).blockers
    assert blocker.sentence.startswith("Add 1 more picture:")


def test_warnings_count() -> None:
    stats = Stats(
        12, 8, blurred=1, dark=6, several_faces=7, near_duplicates=2, uncaptioned=3, without_trigger=4, low_resolution=5
    )
    state = judge(stats, **GOOD)
    assert state.ready
    assert {one.code: one.count for one in state.warnings} == {
        "few": 8,
        "blurred": 1,
        "near_duplicates": 2,
        "uncaptioned": 3,
        "without_trigger": 4,
        "low_resolution": 5,
        "dark": 6,
        "several_faces": 7,
    }
    assert "512 px" in "".join(one.sentence for one in state.warnings)
    assert "low_resolution" not in {one.code for one in judge(stats, **{**GOOD, "side": None}).warnings}


def test_far_too_small_pictures_stop_a_training() -> None:
    state = judge(Stats(images=12, included=12, too_small=2), **GOOD)
    assert [(one.code, one.count) for one in state.blockers] == [("too_small", 2)]


def test_a_set_of_faces_only_is_one_sided() -> None:
    assert [one.code for one in judge(Stats(30, 30, face=19, bust=1, unknown=10), **GOOD).warnings] == ["framing"]
    assert judge(Stats(30, 30, face=15, bust=5), **GOOD).warnings == []
    assert judge(Stats(30, 30, face=9), **GOOD).warnings == []  # too few faces found to say anything
