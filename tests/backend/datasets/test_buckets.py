"""kohya's buckets: sizes, which one a picture goes to, and what it loses there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.buckets import bucket_of, lost, shapes, sorted_into, warning

SIZES = st.tuples(st.integers(64, 6000), st.integers(64, 6000))
SIDES = st.sampled_from([64, 128, 256, 512, 768, 1000, 1024, 1536])


@given(SIDES)
def test_buckets_fit_the_area_in_steps_of_64(side: int) -> None:
    found = shapes(side)
    assert (side // 64 * 64, side // 64 * 64) in found
    assert found == sorted({(h, w) for w, h in found})
    assert all(w * h <= side * side and w % 64 == h % 64 == 0 for w, h in found)


def test_they_are_kohyas() -> None:
    assert {(512, 512), (448, 576), (384, 640), (320, 768), (256, 1024)} <= set(shapes(512))


@given(SIZES, SIDES)
def test_a_picture_goes_where_its_shape_is_nearest(size: tuple[int, int], side: int) -> None:
    found = shapes(side)
    mine = bucket_of(size, found)
    off = abs(mine[0] / mine[1] - size[0] / size[1])
    assert all(off <= abs(w / h - size[0] / size[1]) for w, h in found)
    assert 0 <= lost(size, mine) < 1


@given(st.lists(st.tuples(SIZES, st.integers(1, 9)), max_size=12), SIDES)
def test_no_picture_is_lost_on_the_way(counts: list[tuple[tuple[int, int], int]], side: int) -> None:
    found = sorted_into(counts, side)
    assert sum(one.count for one in found) == sum(n for _, n in counts)
    assert all(one.enlarged <= one.count for one in found)


def test_the_smallest_bucket_is_named() -> None:
    found = sorted_into([((1024, 1024), 9), ((768, 1365), 1)], 512)
    assert [(one.count, one.enlarged) for one in found] == [(9, 0), (1, 0)]
    assert "has 1 picture: that shape is hardly learned" in warning(found, 1)
    assert "fewer than a batch of 4" in warning(found, 4)
    assert warning(found[:1], 4) == ""
