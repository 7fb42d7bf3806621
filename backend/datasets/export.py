"""A dataset as a kohya-style ZIP: `<repeats>_<trigger word>/0001.jpg` with its caption beside it, and what was said of each."""

from __future__ import annotations

import json
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from sqlalchemy.orm import Session

from backend.assets import safe_name
from backend.datasets.edit_cards import TrainItem
from backend.datasets.queries import get, training_set
from backend.datasets.schemas import DatasetCard
from backend.errors import Invalid
from backend.media.documents import zip as archives
from backend.media.images.picture_cut import Cut, Cutter
from backend.storage import Storage

Form = Literal["originals", "trained"]
_AHEAD = 4
_PIECE = 1 << 20
Member = tuple[str, Iterable[bytes]]


def export_zip(
    tx: Session, storage: Storage, dataset_id: str, *, form: Form = "originals", repeats: int = 10
) -> Iterator[bytes]:
    """The included pictures. Rows are read now, bytes while it is consumed (after `tx`). Raises NotFound, Invalid (none).

    `trained`: cut to their crops, masks as alpha (kohya's alpha_mask). `originals`: as uploaded, masks under `masks/`. Both
    with a manifest.json that says crops in px of the original.
    """
    dataset, items = get(tx, dataset_id), training_set(tx, dataset_id)
    if not items:
        raise Invalid("There are no pictures to export. Add some, or take some back in.")
    folder = f"{repeats}_{safe_name(dataset.trigger_word or dataset.name)}"
    files = _trained(storage, folder, items) if form == "trained" else _originals(storage, folder, items)
    return archives.stream(_whole(dataset, form, items, files))


def _whole(dataset: DatasetCard, form: Form, items: list[TrainItem], files: Iterable[list[Member]]) -> Iterator[Member]:
    """`files`: of each item in turn its picture, then what belongs to it."""
    said = []
    for item, members in zip(items, files, strict=True):
        name = members[0][0]
        yield from members
        if item.caption:
            yield str(PurePosixPath(name).with_suffix(".txt")), (item.caption.encode(),)
        said.append(_said(item, name, [other for other, _ in members[1:]]))
    about = {"dataset": dataset.name, "triggerWord": dataset.trigger_word, "form": form, "pictures": said}
    yield "manifest.json", (json.dumps(about, indent=1, ensure_ascii=False).encode(),)


def _said(item: TrainItem, name: str, masks: list[str]) -> dict[str, Any]:
    crop = dict(zip(("x", "y", "width", "height"), item.crop, strict=True)) if item.crop else None
    mask = masks[0] if masks else "alpha" if item.mask_key else None
    return {"file": name, "uploadedAs": item.filename, "caption": item.caption, "crop": crop, "mask": mask}


def _originals(storage: Storage, folder: str, items: list[TrainItem]) -> Iterator[list[Member]]:
    for n, item in enumerate(items, 1):
        members: list[Member] = [(f"{folder}/{n:04d}{PurePosixPath(item.key).suffix}", storage.open(item.key))]
        if item.mask_key:
            members.append((f"masks/{n:04d}{PurePosixPath(item.mask_key).suffix}", storage.open(item.mask_key)))
        yield members


def _trained(storage: Storage, folder: str, items: list[TrainItem]) -> Iterator[list[Member]]:
    """A few ahead are cut while one is sent; what needs no cut is passed on as it is."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="export-")))
        cutter = stack.enter_context(Cutter())
        coming: deque[tuple[int, TrainItem, Future[Path] | None]] = deque()
        waiting = iter(enumerate(items, 1))
        for n, item in waiting:
            coming.append((n, item, _asked(storage, cutter, scratch, n, item)))
            if len(coming) > _AHEAD:
                yield [_cut(storage, folder, *coming.popleft())]
        while coming:
            yield [_cut(storage, folder, *coming.popleft())]


def _asked(storage: Storage, cutter: Cutter, scratch: Path, n: int, item: TrainItem) -> Future[Path] | None:
    if not (item.crop or item.mask_key):
        return None
    whole, mask = scratch / f"{n}.whole", scratch / f"{n}.mask"
    storage.get_file(item.key, whole)
    if item.mask_key:
        storage.get_file(item.mask_key, mask)
    return cutter.submit(Cut(str(whole), str(scratch / f"{n}"), item.crop, str(mask) if item.mask_key else ""))


def _cut(storage: Storage, folder: str, n: int, item: TrainItem, coming: Future[Path] | None) -> Member:
    if coming is None:
        return f"{folder}/{n:04d}{PurePosixPath(item.key).suffix}", storage.open(item.key)
    path = coming.result()
    return f"{folder}/{n:04d}{path.suffix}", _sent(path)


def _sent(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
    for spare in path.parent.glob(f"{path.stem}.*"):
        spare.unlink()
