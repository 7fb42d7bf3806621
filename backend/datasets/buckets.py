"""Which shape each picture is trained at: kohya's aspect-ratio buckets, and what they cut off. The rules are pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.datasets.edit_cards import Bucket, BucketPreview
from backend.datasets.queries import get
from backend.db.tables import DatasetImage
from backend.errors import Invalid

STEP = 64
Size = tuple[int, int]


def shapes(resolution: int, *, step: int = STEP) -> list[Size]:
    """(width, height) of all buckets with at most `resolution`² pixels, sides from half to twice of it, multiples of `step`."""
    area, least, most = resolution * resolution, max(step, resolution // 2 // step * step), resolution * 2 // step * step
    found = {(isqrt(area) // step * step,) * 2}
    for width in range(least, most + 1, step):
        height = min(most, area // width // step * step)
        if height >= least:
            found |= {(width, height), (height, width)}
    return sorted(found)


def bucket_of(size: Size, buckets: Iterable[Size]) -> Size:
    """The bucket whose width by height is nearest that of `size`."""
    width, height = size
    return min(buckets, key=lambda one: (abs(one[0] / one[1] - width / height), one))


def lost(size: Size, bucket: Size) -> float:
    """Share of the picture cut off at its edges when it is scaled to cover the bucket, 0 to 1."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    return max(0.0, 1 - bucket[0] * bucket[1] / (size[0] * scale * size[1] * scale))


def sorted_into(counts: Iterable[tuple[Size, int]], resolution: int) -> list[Bucket]:
    """`counts`: (size, how many pictures have it). Fullest bucket first."""
    buckets, found = shapes(resolution), dict[Size, Bucket]()
    for size, n in counts:
        shape = bucket_of(size, buckets)
        had = found.get(shape, Bucket(*shape, 0, 0.0, 0))
        small = n if size[0] < shape[0] or size[1] < shape[1] else 0
        found[shape] = Bucket(*shape, had.count + n, max(had.cut, lost(size, shape)), had.enlarged + small)
    return sorted(found.values(), key=lambda one: (-one.count, one.width))


def bucket_preview(tx: Session, dataset_id: str, *, resolution: int, batch: int = 1) -> BucketPreview:
    """Of the included pictures, crops applied. Raises NotFound, Invalid (no such resolution)."""
    get(tx, dataset_id)
    if not STEP <= resolution <= 4096:
        raise Invalid("A resolution lies between 64 and 4,096 px.")
    row = DatasetImage
    size = func.coalesce(row.crop_w, row.width), func.coalesce(row.crop_h, row.height)
    query = select(*size, func.count()).where(row.dataset_id == dataset_id, row.included).group_by(*size)
    found = sorted_into((((w, h), n) for w, h, n in tx.execute(query)), resolution)
    return BucketPreview(found, warning(found, batch))


def warning(buckets: list[Bucket], batch: int) -> str:
    """About the smallest bucket: pictures of different shapes never share a batch."""
    lonely = [one for one in buckets if one.count < max(batch, 2)]
    if len(buckets) < 2 or not lonely:
        return ""
    small = lonely[-1]
    which = f"{small.width} × {small.height}" + (f" and {len(lonely) - 1} more" if len(lonely) > 1 else "")
    few = "1 picture" if small.count == 1 else f"{small.count} pictures"
    if batch > 1:
        return f"The smallest bucket, {which}, has {few}: fewer than a batch of {batch}. Crop or leave out, and steps are even."
    return f"The smallest bucket, {which}, has {few}: that shape is hardly learned. Crop it to the shape of the others."
