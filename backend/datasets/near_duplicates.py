"""Which pictures look like which: groups by hash, worked out anew whenever pictures or the threshold change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.datasets.schemas import Thresholds
from backend.db.tables import Dataset, DatasetImage

_WRITE = text(
    "UPDATE dataset_images d SET alike = x.alike, near_duplicate_of = x.nearest, near_duplicate_distance = x.bits "
    "FROM unnest(CAST(:ids AS text[]), CAST(:alike AS text[]), CAST(:nearest AS text[]), CAST(:bits AS int[])) "
    "AS x(id, alike, nearest, bits) WHERE d.id = x.id AND d.dataset_id = :dataset_id"
)


Tints = np.ndarray[Any, np.dtype[np.float32]]
NEAR_COLOURS = 5.0
"""Mean difference of 4 x 4 pixels, of 255: a copy in another size or quality stays below, other clothes do not."""
_TINTS = 4 * 4 * 3


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """`group`: number of the first picture of its group; `nearest`: the member most like it; `bits`: how they differ."""

    group: int
    nearest: int
    bits: int


def groups(hashes: Sequence[int], near_bits: int, colours: Sequence[str] = ()) -> dict[int, NearDuplicate]:
    """Position -> its group, for those that have one: chains of 64-bit hashes, each at most `near_bits` from the next.

    `colours`: of each picture as `Measures.colours`; where both are known they must be close as well: the same pose in
    another place is another picture. One vector comparison a picture: 5,000 take about 0.2 s.
    """
    values, tints = np.array(hashes, dtype=np.uint64), _tints(colours or [""] * len(hashes))
    waiting = np.ones(len(values), dtype=bool)
    found: dict[int, NearDuplicate] = {}
    for first in range(len(values)):
        frontier = [first] if waiting[first] else []
        waiting[first] = False
        while frontier:
            at = frontier.pop()
            bits = np.bitwise_count(values ^ values[at]).astype(np.int16)
            bits[at] = 999
            close = np.flatnonzero(bits <= near_bits)
            bits[close[_far(tints[close], tints[at])]] = 999
            near = bits <= near_bits
            if near.any():
                nearest = int(bits.argmin())
                found[at] = NearDuplicate(first, nearest, int(bits[nearest]))
            fresh = np.flatnonzero(near & waiting)
            waiting[fresh] = False
            frontier.extend(int(one) for one in fresh)
    return found


def _tints(colours: Sequence[str]) -> Tints:
    """One row a picture; NaN where nobody looked."""
    unknown = np.full(_TINTS, np.nan, dtype=np.float32)
    found = [np.frombuffer(bytes.fromhex(one), np.uint8).astype(np.float32) if one else unknown for one in colours]
    return np.stack(found) if found else np.empty((0, _TINTS), dtype=np.float32)


def _far(others: Tints, mine: Tints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of the others differ in colour; never where one of the two is not known."""
    apart: np.ndarray[Any, np.dtype[np.float32]] = np.abs(others - mine).mean(axis=1)
    return apart > NEAR_COLOURS


def regroup(tx: Session, dataset_id: str) -> None:
    """Writes the groups of all pictures of the dataset; the caller holds its lock. Only changed rows are touched."""
    settings = tx.scalar(select(Dataset.settings).where(Dataset.id == dataset_id)) or {}
    columns = DatasetImage.id, DatasetImage.dhash, DatasetImage.colours, DatasetImage.alike
    same = DatasetImage.near_duplicate_of, DatasetImage.near_duplicate_distance
    query = select(*columns, *same).where(DatasetImage.dataset_id == dataset_id)
    rows = tx.execute(query.order_by(DatasetImage.id)).all()
    hashes, near_bits = [int(row.dhash, 16) for row in rows], Thresholds(**settings).near_bits
    found = groups(hashes, near_bits, [row.colours for row in rows])
    changed: list[tuple[str, str | None, str | None, int | None]] = []
    for n, row in enumerate(rows):
        one = found.get(n)
        now = (rows[one.group].id, rows[one.nearest].id, one.bits) if one else (None, None, None)
        if now != (row.alike, row.near_duplicate_of, row.near_duplicate_distance):
            changed.append((row.id, *now))
    if changed:
        ids, alike, nearest, bits = (list(column) for column in zip(*changed, strict=True))
        tx.execute(_WRITE, {"ids": ids, "alike": alike, "nearest": nearest, "bits": bits, "dataset_id": dataset_id})
        tx.expire_all()
