"""Uploads: a file is announced, streamed to S3, then accepted or rejected by the noun it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.assets.keys import key_for
from backend.assets.schemas import UploadCard
from backend.assets.service import OpenTx
from backend.db.tables import Dataset, DatasetImage, Upload, WritingStyle
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings
from backend.storage import Storage

NOUNS = ("dataset", "dataset-mask", "lora", "generation", "gallery", "style", "music", "video", "consent", "reel-scene")
NEW = "new"
"""Noun id of uploads for a dataset that is made afterwards (`give`)."""
_MAX_NAME = 300
_MAX_CLIENT_KEY = 600
_NOT_FOUND = tr_lazy("This upload does not exist here. Choose the file again.")


def announce(
    tx: Session, *, settings: Settings, noun: str, noun_id: str, filename: str, size: int, client_key: str
) -> UploadCard:
    """Announces a file of `size` bytes. `client_key` identifies the user's file (name, size, time): the same one returns the
    first announcement, with `skip` set when its bytes are here already.

    Raises Invalid (empty, too large, unknown noun, dataset full), NotFound (no such dataset or style).
    """
    name = filename.replace("\x00", "")[-_MAX_NAME:].strip() or "file"
    client_key = client_key.replace("\x00", "")[-_MAX_CLIENT_KEY:]
    _check_target(tx, settings, noun, noun_id)
    if noun == "style":
        _check_style(tx, noun_id, name)
    _check_size(size, limit_of(settings, noun, name), name)
    upload_id = new_id("up")
    values = {"noun": noun, "noun_id": noun_id, "filename": name, "client_key": client_key, "size_bytes": size}
    values |= {"created_by": tx.info.get("user_id")}
    key = key_for("upload", tenant_id=tx.info["tenant_id"], upload_id=upload_id)
    inserted = insert(Upload).values(id=upload_id, key=key, **values).on_conflict_do_nothing()
    if tx.scalar(inserted.returning(Upload.id)):
        return get(tx, upload_id)
    row = tx.scalars(_same_file(noun, noun_id, client_key).with_for_update()).one()
    if row.state == "stored" or (row.state == "taken" and _still_used(tx, row)):
        return replace(card(row), skip=True)
    row.state, row.reason, row.size_bytes = "uploading", "", size
    row.created_at = func.clock_timestamp()  # counts as new again: the sweep deletes uploads left incomplete for a day
    tx.flush()
    tx.refresh(row)
    return card(row)


def receive(open_tx: OpenTx, storage: Storage, *, settings: Settings, upload_id: str, chunks: Iterable[bytes]) -> UploadCard:
    """Streams `chunks` to S3 and marks the upload as stored. An error that `chunks` raises (the browser was closed) leaves the
    upload to be sent again.

    Each transfer has a key of its own, and the one begun last counts: an earlier one that is still under way (perhaps on a dead
    connection) neither blocks it nor overwrites it.

    Raises NotFound, Conflict (stored already, or sent again meanwhile), Invalid (more or fewer bytes than announced),
    Unavailable.
    """
    upload, left_keys = _start_transfer(open_tx, upload_id)
    if left_keys:
        storage.delete(left_keys)
    limit = min(upload.size_bytes, limit_of(settings, upload.noun, upload.filename))
    checked = _CheckedChunks(chunks, upload.size_bytes, limit)
    storage.put_stream(upload.key, checked, -1)
    with open_tx() as tx:
        where = Upload.id == upload_id, Upload.state == "uploading", Upload.key == upload.key
        stored = update(Upload).where(*where).values(state="stored", sha256=checked.sha256)
        if tx.scalar(stored.returning(Upload.id)):
            return get(tx, upload_id)
    storage.delete([upload.key])
    raise Conflict(tr_lazy("This file was sent a second time meanwhile, and that one counts. Reload the page to see it."))


def get(tx: Session, upload_id: str) -> UploadCard:
    """Raises NotFound."""
    row = tx.get(Upload, upload_id, populate_existing=True)
    if row is None:
        raise NotFound(_NOT_FOUND)
    return card(row)


def listing(
    tx: Session,
    noun: str,
    noun_id: str,
    *,
    states: Sequence[str] = (),
    ids: Sequence[str] = (),
    take: int | None = None,
    skip: int = 0,
    newest_first: bool = False,
    except_reason: str = "",
) -> list[UploadCard]:
    """Uploads for one noun in the order they were announced, or newest first. `ids`: among these; empty: all. `except_reason`:
    leaves out those with this reason."""
    query = _filtered(select(Upload), noun, noun_id, states)
    if ids:
        query = query.where(Upload.id.in_(ids))
    if except_reason:
        query = query.where(Upload.reason["text"].astext != str(except_reason))
    return [
        card(row)
        for row in tx.scalars(query.order_by(Upload.id.desc() if newest_first else Upload.id).limit(take).offset(skip))
    ]


def count(tx: Session, noun: str, noun_id: str, *, states: Sequence[str] = ()) -> int:
    return tx.scalar(_filtered(select(func.count()).select_from(Upload), noun, noun_id, states)) or 0


def _filtered(query: Select[Any], noun: str, noun_id: str, states: Sequence[str]) -> Select[Any]:
    query = query.where(Upload.noun == noun, Upload.noun_id == noun_id)
    return query.where(Upload.state.in_(states)) if states else query


def give(tx: Session, keys: Sequence[str], *, noun: str, noun_id: str) -> None:
    """Uploads that were announced for a `noun` that did not exist yet (noun id NEW) become those of `noun_id`. `keys`: as
    they are stored. Raises NotFound naming the first key that is none of these."""
    waiting = Upload.noun == noun, Upload.noun_id == NEW, Upload.state == "stored", Upload.key.in_(keys)
    ids_by_key = {
        key: upload_id for key, upload_id in tx.execute(select(Upload.key, Upload.id).where(*waiting).with_for_update())
    }
    if missing := [key for key in keys if key not in ids_by_key]:
        raise NotFound(
            tr_lazy(
                "There is no upload with the key {missing} that waits for a {noun}. Announce the file at "
                "/api/uploads with nounId “{new}”, send it, and give the s3Key of that answer.",
                missing=repr(missing[0][:200]),
                noun=noun,
                new=NEW,
            )
        )
    tx.execute(update(Upload).where(Upload.id.in_(ids_by_key.values())).values(noun_id=noun_id))


def accept(tx: Session, upload_ids: Sequence[str]) -> None:
    """Marks stored uploads as taken: their bytes in `incoming/` may be deleted."""
    tx.execute(update(Upload).where(Upload.id.in_(upload_ids)).values(state="taken", reason=""))


def reject(tx: Session, reasons: Mapping[str, str]) -> None:
    """Marks uploads as refused. `reasons`: upload id -> why, as a sentence."""
    for upload_id, reason in reasons.items():
        tx.execute(update(Upload).where(Upload.id == upload_id).values(state="refused", reason=reason))


def limit_of(settings: Settings, noun: str, filename: str) -> int:
    """The largest size in bytes of a file of this name."""
    if noun == "lora":
        return settings.uploads.max_lora_size
    if noun == "style":
        return settings.uploads.max_style_pdf_size
    if noun in ("music", "consent", "reel-scene"):
        return settings.uploads.max_music_size
    if noun == "video":
        return settings.uploads.max_video_size
    return settings.uploads.max_archive_size if is_zip(filename) else settings.uploads.max_picture_size


def is_zip(filename: str) -> bool:
    return PurePosixPath(filename).suffix.lower() == ".zip"


def card(row: Upload) -> UploadCard:
    return UploadCard(
        row.id, row.noun, row.noun_id, row.filename, row.size_bytes, row.key, row.state, row.reason, row.created_at
    )


def _start_transfer(open_tx: OpenTx, upload_id: str) -> tuple[UploadCard, list[str]]:
    """The upload with a new key, which is written before its bytes (see `find_strays`), and the key of the transfer before
    this one (an empty list for the first)."""
    with open_tx() as tx:
        row = tx.get(Upload, upload_id, populate_existing=True, with_for_update=True)
        if row is None:
            raise NotFound(_NOT_FOUND)
        if row.state != "uploading":
            raise Conflict(tr_lazy("This file has already arrived. Reload the page to see it."))
        previous_key, tenant_id = row.key, tx.info["tenant_id"]
        row.key = key_for("upload", tenant_id=tenant_id, upload_id=f"{upload_id}.{new_id('try')}")
        tx.flush()
        is_first = previous_key == key_for("upload", tenant_id=tenant_id, upload_id=upload_id)
        return card(row), [] if is_first else [previous_key]


class _CheckedChunks:
    """Passes chunks on and hashes them. Raises Invalid when they are more than `limit` or fewer than `size` bytes."""

    def __init__(self, chunks: Iterable[bytes], size: int, limit: int) -> None:
        self._chunks, self._size, self._limit = chunks, size, limit
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for chunk in self._chunks:
            received += len(chunk)
            if received > self._limit:
                raise Invalid(
                    tr_lazy("This file is larger than was announced. It may have changed while it was sent; choose it again.")
                )
            self._hash.update(chunk)
            yield chunk
        if received < self._size:
            raise Invalid(tr_lazy("This file arrived incomplete. Try it again."))


def _check_target(tx: Session, settings: Settings, noun: str, noun_id: str) -> None:
    if noun not in NOUNS:
        raise Invalid(tr_lazy("Files can be uploaded for: {nouns}.", nouns=", ".join(NOUNS)))
    if noun != "dataset" or noun_id == NEW:
        return
    if tx.scalar(select(Dataset.id).where(Dataset.id == noun_id, Dataset.deleted_at.is_(None))) is None:
        raise NotFound(tr_lazy("This dataset does not exist here. It may have been deleted; open the list of datasets."))
    images = tx.scalar(select(func.count()).select_from(DatasetImage).where(DatasetImage.dataset_id == noun_id)) or 0
    if images >= settings.uploads.max_dataset_images:
        raise Invalid(
            tr_lazy("This dataset is full: it has {images:,} pictures. Remove some, or start another dataset.", images=images)
        )


def _check_style(tx: Session, style_id: str, name: str) -> None:
    if not name.lower().endswith(".pdf"):
        raise Invalid(tr_lazy("{name} is not a PDF. A writing style learns from PDF files: export the text as PDF.", name=name))
    if tx.scalar(select(WritingStyle.id).where(WritingStyle.id == style_id, WritingStyle.deleted_at.is_(None))) is None:
        raise NotFound(
            tr_lazy("This writing style does not exist here. It may have been deleted; open the list of writing styles.")
        )


def _check_size(size: int, limit: int, name: str) -> None:
    if size <= 0:
        raise Invalid(tr_lazy("{name} is empty. Choose another file.", name=name))
    if size > limit:
        raise Invalid(
            tr_lazy(
                "{name} has {size}; the limit is {limit}. Make it smaller, then try again.",
                name=name,
                size=_mb(size),
                limit=_mb(limit),
            )
        )


def _mb(size: int) -> str:
    return f"{size / 2**20:,.1f} MB" if size < 10 * 2**20 else f"{size / 2**20:,.0f} MB"


def _same_file(noun: str, noun_id: str, client_key: str) -> Any:
    return select(Upload).where(Upload.noun == noun, Upload.noun_id == noun_id, Upload.client_key == client_key)


def _still_used(tx: Session, row: Upload) -> bool:
    """Whether the picture that was made of the upload still exists: one that was removed since may be uploaded again."""
    if row.noun != "dataset":
        return False
    return tx.scalar(select(DatasetImage.id).where(DatasetImage.upload_id == row.id).limit(1)) is not None
