"""kohya's buckets: sizes, which one a picture goes to, and what it loses there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.buckets import bucket_sizes, bucket_warning, cropped_share, fill_buckets, nearest_bucket

SIZES = st.tuples(st.integers(64, 6000), st.integers(64, 6000))
SIDES = st.sampled_from([64, 128, 256, 512, 768, 1000, 1024, 1536])


@given(SIDES)
def test_buckets_fit_the_area_in_steps_of_64(side: int) -> None:
    buckets = bucket_sizes(side)
    assert (side // 64 * 64, side // 64 * 64) in buckets
    assert buckets == sorted({(h, w) for w, h in buckets})
    assert all(w * h <= side * side and w % 64 == h % 64 == 0 for w, h in buckets)


def test_they_are_kohyas() -> None:
    assert {(512, 512), (448, 576), (384, 640), (320, 768), (256, 1024)} <= set(bucket_sizes(512))


@given(SIZES, SIDES)
def test_a_picture_goes_where_its_shape_is_nearest(size: tuple[int, int], side: int) -> None:
    buckets = bucket_sizes(side)
    nearest = nearest_bucket(size, buckets)
    difference = abs(nearest[0] / nearest[1] - size[0] / size[1])
    assert all(difference <= abs(w / h - size[0] / size[1]) for w, h in buckets)
    assert 0 <= cropped_share(size, nearest) < 1


@given(st.lists(st.tuples(SIZES, st.integers(1, 9)), max_size=12), SIDES)
def test_no_picture_is_lost_on_the_way(counts: list[tuple[tuple[int, int], int]], side: int) -> None:
    buckets = fill_buckets(counts, side)
    assert sum(bucket.count for bucket in buckets) == sum(n for _, n in counts)
    assert all(bucket.enlarged <= bucket.count for bucket in buckets)


def test_the_smallest_bucket_is_named() -> None:
    buckets = fill_buckets([((1024, 1024), 9), ((768, 1365), 1)], 512)
    assert [(bucket.count, bucket.enlarged) for bucket in buckets] == [(9, 0), (1, 0)]
    assert "has 1 picture: that shape is hardly learned" in bucket_warning(buckets, 1)
    assert "fewer than a batch of 4" in bucket_warning(buckets, 4)
    assert bucket_warning(buckets[:1], 4) == ""
