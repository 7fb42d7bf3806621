"""kohya's aspect-ratio buckets: the size each picture is trained at, and how much of it is cropped. The rules are pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import Bucket, BucketPreview
from backend.datasets.queries import get
from backend.db.tables import DatasetImage
from backend.errors import Invalid
from backend.language import tr_lazy, tr_lazy_plural

STEP = 64
Size = tuple[int, int]


def bucket_sizes(resolution: int, *, step: int = STEP) -> list[Size]:
    """(width, height) of all buckets with at most `resolution`² pixels, sides from half to twice of it, multiples of `step`."""
    area, smallest, largest = resolution * resolution, max(step, resolution // 2 // step * step), resolution * 2 // step * step
    sizes = {(isqrt(area) // step * step,) * 2}
    for width in range(smallest, largest + 1, step):
        height = min(largest, area // width // step * step)
        if height >= smallest:
            sizes |= {(width, height), (height, width)}
    return sorted(sizes)


def nearest_bucket(size: Size, buckets: Iterable[Size]) -> Size:
    """The bucket whose width by height is nearest that of `size`."""
    width, height = size
    return min(buckets, key=lambda bucket: (abs(bucket[0] / bucket[1] - width / height), bucket))


def cropped_share(size: Size, bucket: Size) -> float:
    """Share of the picture cut off at its edges when it is scaled to cover the bucket, 0 to 1."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    return max(0.0, 1 - bucket[0] * bucket[1] / (size[0] * scale * size[1] * scale))


def fill_buckets(counts: Iterable[tuple[Size, int]], resolution: int) -> list[Bucket]:
    """`counts`: (size, how many pictures have it). The bucket with the most pictures comes first."""
    buckets, by_shape = bucket_sizes(resolution), dict[Size, Bucket]()
    for size, n in counts:
        shape = nearest_bucket(size, buckets)
        earlier = by_shape.get(shape, Bucket(*shape, 0, 0.0, 0))
        enlarged = n if size[0] < shape[0] or size[1] < shape[1] else 0
        by_shape[shape] = Bucket(
            *shape, earlier.count + n, max(earlier.cut, cropped_share(size, shape)), earlier.enlarged + enlarged
        )
    return sorted(by_shape.values(), key=lambda bucket: (-bucket.count, bucket.width))


def bucket_preview(tx: Session, dataset_id: str, *, resolution: int, batch: int = 1) -> BucketPreview:
    """Of the included pictures, crops applied. Raises NotFound, Invalid (no such resolution)."""
    get(tx, dataset_id)
    if not STEP <= resolution <= 4096:
        raise Invalid(tr_lazy("A resolution must be between 64 and 4,096 px."))
    row = DatasetImage
    size = func.coalesce(row.crop_w, row.width), func.coalesce(row.crop_h, row.height)
    query = select(*size, func.count()).where(row.dataset_id == dataset_id, row.included).group_by(*size)
    buckets = fill_buckets((((w, h), n) for w, h, n in tx.execute(query)), resolution)
    return BucketPreview(buckets, bucket_warning(buckets, batch))


def bucket_warning(buckets: list[Bucket], batch: int) -> str:
    """A sentence about the smallest bucket, as pictures of different sizes never share a batch; "" when all are filled."""
    nearly_empty = [bucket for bucket in buckets if bucket.count < max(batch, 2)]
    if len(buckets) < 2 or not nearly_empty:
        return ""
    smallest = nearly_empty[-1]
    label = f"{smallest.width} × {smallest.height}"
    if len(nearly_empty) > 1:
        label = tr_lazy("{bucket} and {n} more", bucket=label, n=len(nearly_empty) - 1)
    if batch > 1:
        return tr_lazy_plural(
            "The smallest bucket, {label}, has {n} picture: fewer than a batch of {batch}. Crop it or leave it out, so that "
            "all steps are the same size.",
            "The smallest bucket, {label}, has {n} pictures: fewer than a batch of {batch}. Crop them or leave them out, so "
            "that all steps are the same size.",
            smallest.count,
            label=label,
            batch=batch,
        )
    return tr_lazy_plural(
        "The smallest bucket, {label}, has {n} picture: that shape is hardly learned. Crop it to the shape of the others.",
        "The smallest bucket, {label}, has {n} pictures: that shape is hardly learned. Crop them to the shape of the others.",
        smallest.count,
        label=label,
    )
