"""Files on their way in: announced, streamed to S3, then taken or refused by whatever they are for."""

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
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.settings import Settings
from backend.storage import Storage
from backend.tables import Dataset, DatasetImage, Upload, WritingStyle

NOUNS = ("dataset", "dataset-mask", "lora", "generation", "gallery", "style")
_LONGEST_NAME = 300
_LONGEST_KEY = 600
_GONE = "This upload does not exist here. Choose the file again."


def begin(tx: Session, *, settings: Settings, noun: str, noun_id: str, filename: str, size: int, client_key: str) -> UploadCard:
    """Announces a file. The same `client_key` finds the first announcement: `skip` says that its bytes are here already.

    Raises Invalid (empty, too large, unknown noun, no room), NotFound (no such dataset).
    """
    name = filename.replace("\x00", "")[-_LONGEST_NAME:].strip() or "file"
    client_key = client_key.replace("\x00", "")[-_LONGEST_KEY:]
    _check_target(tx, settings, noun, noun_id)
    if noun == "style":
        _check_style(tx, noun_id, name)
    _check_size(size, limit_of(settings, noun, name), name)
    upload_id = new_id("up")
    values = {"noun": noun, "noun_id": noun_id, "filename": name, "client_key": client_key, "size_bytes": size}
    values |= {"created_by": tx.info.get("user_id")}
    key = key_for("upload", tenant_id=tx.info["tenant_id"], upload_id=upload_id)
    new = insert(Upload).values(id=upload_id, key=key, **values).on_conflict_do_nothing()
    if tx.scalar(new.returning(Upload.id)):
        return get(tx, upload_id)
    row = tx.scalars(_same(noun, noun_id, client_key).with_for_update()).one()
    if row.state == "stored" or (row.state == "taken" and _still_there(tx, row)):
        return replace(card(row), skip=True)
    row.state, row.reason, row.size_bytes = "uploading", "", size
    row.created_at = func.clock_timestamp()  # it is as young as any other: what was left half-sent for a day is swept
    tx.flush()
    tx.refresh(row)
    return card(row)


def receive(open_tx: OpenTx, storage: Storage, *, settings: Settings, upload_id: str, chunks: Iterable[bytes]) -> UploadCard:
    """Streams `chunks` to S3 and marks the upload stored. What `chunks` raises (a closed browser) leaves it to be sent again.

    Each try has a key of its own, and the last one begun counts: an earlier one that is still under way (perhaps on a dead
    connection) neither blocks it nor writes over it.
    Raises NotFound, Conflict (not expecting bytes, or sent again meanwhile), Invalid (more or fewer bytes than announced),
    Unavailable.
    """
    upload, left = _claim(open_tx, upload_id)
    if left:
        storage.delete(left)
    limit = min(upload.size_bytes, limit_of(settings, upload.noun, upload.filename))
    counted = _Counted(chunks, upload.size_bytes, limit)
    storage.put_stream(upload.key, counted, -1)
    with open_tx() as tx:
        where = Upload.id == upload_id, Upload.state == "uploading", Upload.key == upload.key
        stored = update(Upload).where(*where).values(state="stored", sha256=counted.sha256)
        if tx.scalar(stored.returning(Upload.id)):
            return get(tx, upload_id)
    storage.delete([upload.key])
    raise Conflict("This file was sent a second time meanwhile, and that one counts. Reload the page to see it.")


def get(tx: Session, upload_id: str) -> UploadCard:
    """Raises NotFound."""
    row = tx.get(Upload, upload_id, populate_existing=True)
    if row is None:
        raise NotFound(_GONE)
    return card(row)


def listing(
    tx: Session,
    noun: str,
    noun_id: str,
    *,
    states: Sequence[str] = (),
    take: int | None = None,
    newest_first: bool = False,
    but_for: str = "",
) -> list[UploadCard]:
    """In the order they were announced, or the other way round; `but_for`: not those with this reason."""
    query = _of(select(Upload), noun, noun_id, states)
    if but_for:
        query = query.where(Upload.reason != but_for)
    return [card(row) for row in tx.scalars(query.order_by(Upload.id.desc() if newest_first else Upload.id).limit(take))]


def count(tx: Session, noun: str, noun_id: str, *, states: Sequence[str] = ()) -> int:
    return tx.scalar(_of(select(func.count()).select_from(Upload), noun, noun_id, states)) or 0


def _of(query: Select[Any], noun: str, noun_id: str, states: Sequence[str]) -> Select[Any]:
    query = query.where(Upload.noun == noun, Upload.noun_id == noun_id)
    return query.where(Upload.state.in_(states)) if states else query


def take(tx: Session, upload_ids: Sequence[str]) -> None:
    """Marks stored uploads as taken: their bytes in `incoming/` may go."""
    tx.execute(update(Upload).where(Upload.id.in_(upload_ids)).values(state="taken", reason=""))


def refuse(tx: Session, reasons: Mapping[str, str]) -> None:
    """Upload id -> why, as a sentence."""
    for upload_id, reason in reasons.items():
        tx.execute(update(Upload).where(Upload.id == upload_id).values(state="refused", reason=reason))


def limit_of(settings: Settings, noun: str, filename: str) -> int:
    """Bytes a file of this name may have."""
    if noun == "lora":
        return settings.max_lora_size
    if noun == "style":
        return settings.max_style_pdf_size
    return settings.max_archive_size if is_zip(filename) else settings.max_upload_size


def is_zip(filename: str) -> bool:
    return PurePosixPath(filename).suffix.lower() == ".zip"


def card(row: Upload) -> UploadCard:
    return UploadCard(
        row.id, row.noun, row.noun_id, row.filename, row.size_bytes, row.key, row.state, row.reason, row.created_at
    )


def _claim(open_tx: OpenTx, upload_id: str) -> tuple[UploadCard, list[str]]:
    """The upload under a new key, written down before its bytes (see `strays`), and the key of the try before this one."""
    with open_tx() as tx:
        row = tx.get(Upload, upload_id, populate_existing=True, with_for_update=True)
        if row is None:
            raise NotFound(_GONE)
        if row.state != "uploading":
            raise Conflict("This file has already arrived. Reload the page to see it.")
        before, tenant_id = row.key, tx.info["tenant_id"]
        row.key = key_for("upload", tenant_id=tenant_id, upload_id=f"{upload_id}.{new_id('try')}")
        tx.flush()
        untried = before == key_for("upload", tenant_id=tenant_id, upload_id=upload_id)
        return card(row), [] if untried else [before]


class _Counted:
    """Chunks as they pass: hashed, and stopped when they are not as many as announced."""

    def __init__(self, chunks: Iterable[bytes], size: int, limit: int) -> None:
        self._chunks, self._size, self._limit = chunks, size, limit
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        got = 0
        for chunk in self._chunks:
            got += len(chunk)
            if got > self._limit:
                raise Invalid("This file is larger than was announced. It may have changed while it was sent; choose it again.")
            self._hash.update(chunk)
            yield chunk
        if got < self._size:
            raise Invalid("This file arrived incomplete. Try it again.")


def _check_target(tx: Session, settings: Settings, noun: str, noun_id: str) -> None:
    if noun not in NOUNS:
        raise Invalid(f"Files can be uploaded for: {', '.join(NOUNS)}.")
    if noun != "dataset":
        return
    if tx.scalar(select(Dataset.id).where(Dataset.id == noun_id, Dataset.deleted_at.is_(None))) is None:
        raise NotFound("This dataset does not exist here. It may have been deleted; open the list of datasets.")
    images = tx.scalar(select(func.count()).select_from(DatasetImage).where(DatasetImage.dataset_id == noun_id)) or 0
    if images >= settings.max_dataset_images:
        raise Invalid(f"This dataset is full: it has {images:,} pictures. Remove some, or start another dataset.")


def _check_style(tx: Session, style_id: str, name: str) -> None:
    if not name.lower().endswith(".pdf"):
        raise Invalid(f"{name} is no PDF. A writing style learns from PDF files: export the text as PDF.")
    if tx.scalar(select(WritingStyle.id).where(WritingStyle.id == style_id, WritingStyle.deleted_at.is_(None))) is None:
        raise NotFound("This writing style does not exist here. It may have been deleted; open the list of writing styles.")


def _check_size(size: int, limit: int, name: str) -> None:
    if size <= 0:
        raise Invalid(f"{name} is empty. Choose another file.")
    if size > limit:
        raise Invalid(f"{name} has {_mb(size)}; the limit is {_mb(limit)}. Make it smaller, then try again.")


def _mb(size: int) -> str:
    return f"{size / 2**20:,.1f} MB" if size < 10 * 2**20 else f"{size / 2**20:,.0f} MB"


def _same(noun: str, noun_id: str, client_key: str) -> Any:
    return select(Upload).where(Upload.noun == noun, Upload.noun_id == noun_id, Upload.client_key == client_key)


def _still_there(tx: Session, row: Upload) -> bool:
    """A picture that was taken and removed since may be uploaded again."""
    if row.noun != "dataset":
        return False
    return tx.scalar(select(DatasetImage.id).where(DatasetImage.upload_id == row.id).limit(1)) is not None
