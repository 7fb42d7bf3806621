"""Exports a dataset as a kohya-style ZIP: `<repeats>_<trigger word>/0001.jpg`, each with its caption file, and a manifest."""

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
from backend.datasets.edit_cards import TrainingPicture
from backend.datasets.queries import get, training_set
from backend.datasets.schemas import DatasetCard
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.media.documents import zip as archives
from backend.media.images.picture_cut import Cutter, PictureCut
from backend.storage import Storage

ExportForm = Literal["originals", "trained"]
_AHEAD = 4
_CHUNK_BYTES = 1 << 20
Member = tuple[str, Iterable[bytes]]
PlacedPicture = tuple[str, TrainingPicture]
"""With its folder in the archive."""


def export_zip(
    tx: Session, storage: Storage, dataset_id: str, *, form: ExportForm = "originals", repeats: int = 10
) -> Iterator[bytes]:
    """The ZIP of the included pictures. Rows are read now, files while it is consumed (after `tx`). Raises NotFound, Invalid
    (no picture).

    `trained`: cut to their crops, masks as alpha (kohya's alpha_mask). `originals`: as uploaded, masks under `masks/`. Both
    with a manifest.json that says crops in px of the original. `repeats`: in the folder's name where no picture has its own.
    """
    dataset, items = get(tx, dataset_id), training_set(tx, dataset_id)
    if not items:
        raise Invalid(tr_lazy("There are no pictures to export. Add some, or use some of those left out."))
    word, own_repeats = safe_name(dataset.trigger_word or dataset.name), any(item.repeats != 1 for item in items)
    placed_items = [(f"{item.repeats if own_repeats else repeats}_{word}", item) for item in items]
    files = _cropped_members(storage, placed_items) if form == "trained" else _original_members(storage, placed_items)
    return archives.stream(_archive_members(dataset, form, items, files))


def _archive_members(
    dataset: DatasetCard, form: ExportForm, items: list[TrainingPicture], files: Iterable[list[Member]]
) -> Iterator[Member]:
    """`files`: for each item its picture, then its mask if it has one."""
    entries = []
    for item, members in zip(items, files, strict=True):
        name = members[0][0]
        yield from members
        if item.caption:
            yield str(PurePosixPath(name).with_suffix(".txt")), (item.caption.encode(),)
        entries.append(_manifest_entry(item, name, [mask_name for mask_name, _ in members[1:]]))
    manifest = {"dataset": dataset.name, "triggerWord": dataset.trigger_word, "form": form, "pictures": entries}
    yield "manifest.json", (json.dumps(manifest, indent=1, ensure_ascii=False).encode(),)


def _manifest_entry(item: TrainingPicture, name: str, masks: list[str]) -> dict[str, Any]:
    crop = dict(zip(("x", "y", "width", "height"), item.crop, strict=True)) if item.crop else None
    mask = masks[0] if masks else "alpha" if item.mask_key else None
    return {"file": name, "uploadedAs": item.filename, "caption": item.caption, "crop": crop, "mask": mask}


def _original_members(storage: Storage, placed_items: list[PlacedPicture]) -> Iterator[list[Member]]:
    for n, (folder, item) in enumerate(placed_items, 1):
        members: list[Member] = [(f"{folder}/{n:04d}{PurePosixPath(item.key).suffix}", storage.open(item.key))]
        if item.mask_key:
            members.append((f"masks/{n:04d}{PurePosixPath(item.mask_key).suffix}", storage.open(item.mask_key)))
        yield members


def _cropped_members(storage: Storage, placed_items: list[PlacedPicture]) -> Iterator[list[Member]]:
    """Cuts a few pictures ahead of the one being sent; pictures without crop and mask are sent as they are."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="export-")))
        cutter = stack.enter_context(Cutter())
        pending: deque[tuple[str, int, TrainingPicture, Future[Path] | None]] = deque()
        for n, (folder, item) in enumerate(placed_items, 1):
            pending.append((folder, n, item, _submit_cut(storage, cutter, scratch, n, item)))
            if len(pending) > _AHEAD:
                yield [_finished_member(storage, *pending.popleft())]
        while pending:
            yield [_finished_member(storage, *pending.popleft())]


def _submit_cut(storage: Storage, cutter: Cutter, scratch: Path, n: int, item: TrainingPicture) -> Future[Path] | None:
    if not (item.crop or item.mask_key):
        return None
    original, mask = scratch / f"{n}.whole", scratch / f"{n}.mask"
    storage.get_file(item.key, original)
    if item.mask_key:
        storage.get_file(item.mask_key, mask)
    return cutter.submit(PictureCut(str(original), str(scratch / f"{n}"), item.crop, str(mask) if item.mask_key else ""))


def _finished_member(storage: Storage, folder: str, n: int, item: TrainingPicture, cut: Future[Path] | None) -> Member:
    if cut is None:
        return f"{folder}/{n:04d}{PurePosixPath(item.key).suffix}", storage.open(item.key)
    path = cut.result()
    return f"{folder}/{n:04d}{path.suffix}", _read_and_delete(path)


def _read_and_delete(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
    for leftover in path.parent.glob(f"{path.stem}.*"):
        leftover.unlink()
