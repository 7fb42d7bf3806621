"""Near-duplicates: groups of pictures by hash, computed anew whenever pictures or the threshold change."""

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


ColourGrids = np.ndarray[Any, np.dtype[np.float32]]
MAX_COLOUR_DIFFERENCE = 5.0
"""Mean difference of the 4 x 4 colour grids, of 255: a rescaled or recompressed copy stays below, other clothes do not."""
_GRID_VALUES = 4 * 4 * 3


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """`group`: position of its first picture; `nearest`: position of the most similar member; `bits`: differing bits."""

    group: int
    nearest: int
    bits: int


def find_groups(hashes: Sequence[int], near_bits: int, colours: Sequence[str] = ()) -> dict[int, NearDuplicate]:
    """Position -> its group, for pictures that have one: chains of 64-bit hashes, each at most `near_bits` from the next.

    `colours`: of each picture as `Measures.colours`. Where both are known they must be close too, because the same pose in
    another place is another picture. One vector comparison for each picture: 5,000 take about 0.2 s.
    """
    values, grids = np.array(hashes, dtype=np.uint64), _colour_grids(colours or [""] * len(hashes))
    ungrouped = np.ones(len(values), dtype=bool)
    matches: dict[int, NearDuplicate] = {}
    for first in range(len(values)):
        frontier = [first] if ungrouped[first] else []
        ungrouped[first] = False
        while frontier:
            current = frontier.pop()
            bits = np.bitwise_count(values ^ values[current]).astype(np.int16)
            bits[current] = 999
            close = np.flatnonzero(bits <= near_bits)
            bits[close[_differ_in_colour(grids[close], grids[current])]] = 999
            near = bits <= near_bits
            if near.any():
                nearest = int(bits.argmin())
                matches[current] = NearDuplicate(first, nearest, int(bits[nearest]))
            fresh = np.flatnonzero(near & ungrouped)
            ungrouped[fresh] = False
            frontier.extend(int(i) for i in fresh)
    return matches


def _colour_grids(colours: Sequence[str]) -> ColourGrids:
    """One row for each picture; NaN where its colours were not measured."""
    unknown = np.full(_GRID_VALUES, np.nan, dtype=np.float32)
    rows = [
        np.frombuffer(bytes.fromhex(hex_text), np.uint8).astype(np.float32) if hex_text else unknown for hex_text in colours
    ]
    return np.stack(rows) if rows else np.empty((0, _GRID_VALUES), dtype=np.float32)


def _differ_in_colour(others: ColourGrids, reference: ColourGrids) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of the others differ in colour; False where either is not known (comparisons with NaN are False)."""
    difference: np.ndarray[Any, np.dtype[np.float32]] = np.abs(others - reference).mean(axis=1)
    return difference > MAX_COLOUR_DIFFERENCE


def regroup(tx: Session, dataset_id: str) -> None:
    """Writes the groups of all pictures of the dataset; only changed rows are updated. The caller holds the dataset's lock."""
    settings = tx.scalar(select(Dataset.settings).where(Dataset.id == dataset_id)) or {}
    columns = DatasetImage.id, DatasetImage.dhash, DatasetImage.colours, DatasetImage.alike
    nearest_columns = DatasetImage.near_duplicate_of, DatasetImage.near_duplicate_distance
    query = select(*columns, *nearest_columns).where(DatasetImage.dataset_id == dataset_id)
    rows = tx.execute(query.order_by(DatasetImage.id)).all()
    hashes, near_bits = [int(row.dhash, 16) for row in rows], Thresholds(**settings).near_bits
    matches = find_groups(hashes, near_bits, [row.colours for row in rows])
    changed: list[tuple[str, str | None, str | None, int | None]] = []
    for n, row in enumerate(rows):
        match = matches.get(n)
        new_values = (rows[match.group].id, rows[match.nearest].id, match.bits) if match else (None, None, None)
        if new_values != (row.alike, row.near_duplicate_of, row.near_duplicate_distance):
            changed.append((row.id, *new_values))
    if changed:
        ids, alike, nearest, bits = (list(column) for column in zip(*changed, strict=True))
        tx.execute(_WRITE, {"ids": ids, "alike": alike, "nearest": nearest, "bits": bits, "dataset_id": dataset_id})
        tx.expire_all()
