"""A dataset as a kohya-style ZIP: `<repeats>_<trigger word>/0001.jpg` with its caption beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from backend.assets import safe_name
from backend.datasets.cards import TrainItem
from backend.datasets.queries import get, training_set
from backend.errors import Invalid
from backend.storage import Storage
from backend.tools import zip as archives


def export_zip(tx: Session, storage: Storage, dataset_id: str, *, repeats: int = 10) -> Iterator[bytes]:
    """The included pictures. Rows are read now, bytes while it is consumed (after `tx`). Raises NotFound, Invalid (none)."""
    dataset, items = get(tx, dataset_id), training_set(tx, dataset_id)
    if not items:
        raise Invalid("There are no pictures to export. Add some, or take some back in.")
    folder = f"{repeats}_{safe_name(dataset.trigger_word or dataset.name)}"
    return archives.stream(_files(storage, folder, items))


def _files(storage: Storage, folder: str, items: list[TrainItem]) -> Iterator[tuple[str, Iterator[bytes]]]:
    for n, item in enumerate(items, 1):
        yield f"{folder}/{n:04d}{PurePosixPath(item.key).suffix}", storage.open(item.key)
        if item.caption:
            yield f"{folder}/{n:04d}.txt", iter((item.caption.encode(),))
