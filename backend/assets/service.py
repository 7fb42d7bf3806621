"""Stores files as assets: an intent row, the bytes, then the row that says they are stored. An asset may be deleted while
nothing uses it."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.assets.keys import thumb_key
from backend.assets.queries import card
from backend.assets.schemas import AssetCard, NewFile, ThumbFile
from backend.db.pipelining import Statement
from backend.db.tables import Asset, AssetUse
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.media.images import pictures
from backend.storage import Storage

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
OpenTx = Callable[[], AbstractContextManager[Session]]


def store(
    open_tx: OpenTx,
    storage: Storage,
    *,
    path: Path,
    kind: str,
    key: str,
    content_type: str,
    filename: str = "",
    job_id: str | None = None,
    attempt_id: str | None = None,
    thumbs: Sequence[ThumbFile] | bool = False,
    width: int | None = None,
    height: int | None = None,
    meta: Mapping[str, Any] | None = None,
    uses: Sequence[tuple[str, str]] = (),
) -> AssetCard:
    """Stores the file at `path` under `key`. `open_tx` opens a transaction (`ctx.transaction`); none is open during the upload.

    `thumbs=True` makes the thumbnails here, in this process: only for pictures that our own engines made. `uses`: (noun, noun
    id) of what uses the asset. Raises Unavailable, Conflict (key taken).
    """
    new = NewFile(path, kind, key, content_type, filename, width, height, (), meta or {}, uses)
    with _with_thumbnails(new, thumbs) as file:
        with open_tx() as tx:
            [asset_id] = intend(tx, [file], job_id=job_id, attempt_id=attempt_id)
        uploaded = upload_file(storage, file)
        with open_tx() as tx:
            return confirm(tx, {asset_id: uploaded})[0]


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file whose bytes are in the storage. `sha256`: hex."""

    file: NewFile
    size_bytes: int
    sha256: str


def intend(tx: Session, files: Sequence[NewFile], *, job_id: str | None = None, attempt_id: str | None = None) -> list[str]:
    """Writes an intent row for each file before its upload, so that a crash leaves no unknown bytes. Returns the asset ids, in
    order.

    Raises Conflict when a key already holds something.
    """
    if not files:
        return []
    origin = {"job_id": job_id, "attempt_id": attempt_id, "created_by": tx.info.get("user_id")}
    rows = [
        {"id": new_id("ast"), "kind": file.kind, "key": file.key, "content_type": file.content_type, **origin} for file in files
    ]
    # An intent of an earlier attempt with the same key is taken over.
    upsert = (
        insert(Asset)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["tenant_id", "key"], set_={"attempt_id": attempt_id}, where=Asset.state == "intent"
        )
    )
    ids = {key: asset_id for asset_id, key in tx.execute(upsert.returning(Asset.id, Asset.key)).all()}
    if len(ids) < len(files):
        raise Conflict(tr_lazy("This file is already stored under the same key. Reload the page before trying again."))
    return [ids[file.key] for file in files]


def upload_file(storage: Storage, file: NewFile, *, check: Callable[[], None] = lambda: None) -> UploadedFile:
    """Uploads the file and its thumbnails in parallel. Nobody sees any of them before `confirm`. `check` as in
    `Storage.put_file`."""
    with ThreadPoolExecutor(1 + len(file.thumbs)) as pool:
        transfers = [pool.submit(storage.put_file, file.key, file.path, file.content_type, check=check)]
        for thumb in file.thumbs:
            transfers.append(pool.submit(storage.put_file, thumb_key(file.key, thumb.width), thumb.path, "image/webp"))
        sha256 = sha256_of(file.path)
        for transfer in transfers:
            transfer.result()
    return UploadedFile(file, file.path.stat().st_size, sha256)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def confirm(tx: Session, uploaded: Mapping[str, UploadedFile]) -> list[AssetCard]:
    """Turns intents (asset id -> uploaded file) into stored assets with their first uses. Returns their cards in the same
    order."""
    cards = []
    for row in tx.scalars(select(Asset).where(Asset.id.in_(uploaded)).with_for_update()).all():
        upload = uploaded[row.id]
        row.state, row.size_bytes, row.sha256 = "stored", upload.size_bytes, upload.sha256
        row.filename, row.width, row.height = upload.file.filename, upload.file.width, upload.file.height
        row.thumbs, row.meta = [thumb.width for thumb in upload.file.thumbs], dict(upload.file.meta)
        cards.append(card(row))
    tx.flush()
    _use(tx, [(asset_id, *use) for asset_id, upload in uploaded.items() for use in upload.file.uses])
    order = {asset_id: n for n, asset_id in enumerate(uploaded)}
    return sorted(cards, key=lambda asset: order[asset.id])


_CONFIRMED = ("size_bytes", "sha256", "filename", "width", "height", "thumbs", "meta")
_CONFIRM = update(Asset).where(Asset.id == bindparam("asset"))
_CONFIRM = _CONFIRM.values({name: bindparam(name) for name in ("state", *_CONFIRMED)})


def confirm_stmt(asset_id: str, uploaded: UploadedFile) -> Statement:
    """The UPDATE that `confirm` does for one file, as a statement for a pipeline."""
    file, thumbs = uploaded.file, [thumb.width for thumb in uploaded.file.thumbs]
    values = (uploaded.size_bytes, uploaded.sha256, file.filename, file.width, file.height, thumbs, dict(file.meta))
    return _CONFIRM, {"asset": asset_id, "state": "stored", **dict(zip(_CONFIRMED, values, strict=True))}


def add_meta(tx: Session, asset_id: str, values: Mapping[str, Any]) -> None:
    """Adds to what is known of the file, or replaces it, by name."""
    tx.execute(update(Asset).where(Asset.id == asset_id).values(meta=Asset.meta.concat(dict(values))))


def use(tx: Session, asset_id: str, noun: str, noun_id: str) -> None:
    """Records that (`noun`, `noun_id`) uses the asset. Idempotent."""
    _use(tx, [(asset_id, noun, noun_id)])


def unuse(tx: Session, asset_id: str, noun: str, noun_id: str) -> None:
    where = AssetUse.asset_id == asset_id, AssetUse.noun == noun, AssetUse.noun_id == noun_id
    tx.execute(delete_rows(AssetUse).where(*where))


def use_all(tx: Session, noun: str, pairs: Sequence[tuple[str, str]]) -> None:
    """`use` for many (asset id, noun id)."""
    _use(tx, [(asset_id, noun, noun_id) for asset_id, noun_id in pairs])


def unuse_all(tx: Session, noun: str, noun_ids: Sequence[str]) -> None:
    """Removes all uses by these (`noun`, noun id)."""
    tx.execute(delete_rows(AssetUse).where(AssetUse.noun == noun, AssetUse.noun_id.in_(noun_ids)))


def rename_uses(tx: Session, noun: str, new_noun: str, noun_ids: Sequence[str]) -> None:
    """What (`noun`, noun id) uses, (`new_noun`, noun id) uses from now on."""
    renamed = update(AssetUse).where(AssetUse.noun == noun, AssetUse.noun_id.in_(noun_ids))
    tx.execute(renamed.values(noun=new_noun))


def delete_unused(tx: Session, asset_ids: Sequence[str]) -> int:
    """Of these assets, deletes for good those that nothing uses: the next sweep removes their bytes. Returns how many."""
    unused = ~exists().where(AssetUse.asset_id == Asset.id)
    query = update(Asset).where(Asset.id.in_(asset_ids), Asset.state.in_(("stored", "deleted")), unused)
    return len(tx.execute(query.values(state="deleted", deleted_at=_LONG_AGO).returning(Asset.id)).all())


def delete(tx: Session, asset_ids: Sequence[str], *, force: bool = False) -> int:
    """Marks assets as deleted; their bytes are removed some days later. Returns how many were marked.

    Raises Conflict, naming what uses them, unless `force` is set, which removes the uses.
    """
    if not asset_ids:
        return 0
    uses = tx.execute(select(AssetUse.noun, AssetUse.noun_id).where(AssetUse.asset_id.in_(asset_ids)).distinct()).all()
    if uses and not force:
        sentence = _usage_sentence(Counter(noun for noun, _ in uses))
        raise Conflict(tr_lazy("{sentence} Remove it there first, or delete it anyway.", sentence=sentence), uses=len(uses))
    tx.execute(delete_rows(AssetUse).where(AssetUse.asset_id.in_(asset_ids)))
    stored = update(Asset).where(Asset.id.in_(asset_ids), Asset.state == "stored").returning(Asset.id)
    return len(tx.execute(stored.values(state="deleted", deleted_at=func.clock_timestamp())).all())


def restore(tx: Session, asset_ids: Sequence[str]) -> set[str]:
    """Brings back deleted assets whose bytes still exist. Returns the ids of those stored now; call `use` for them in the same
    transaction."""
    restorable = update(Asset).where(Asset.id.in_(asset_ids), Asset.state.in_(("stored", "deleted"))).returning(Asset.id)
    return set(tx.scalars(restorable.values(state="stored", deleted_at=None)))


def fetch(storage: Storage, asset: AssetCard, path: Path) -> None:
    """Downloads the asset to `path`. Raises Unavailable, NotFound."""
    storage.get_file(asset.key, path)


def _use(tx: Session, pairs: Sequence[tuple[str, str, str]]) -> None:
    if pairs:
        rows = [{"asset_id": asset_id, "noun": noun, "noun_id": noun_id} for asset_id, noun, noun_id in pairs]
        tx.execute(insert(AssetUse).values(rows).on_conflict_do_nothing())


def _usage_sentence(nouns: Counter[str]) -> str:
    parts = [_used_by(noun, n) for noun, n in sorted(nouns.items())]
    return tr_lazy("This file is used by {uses}.", uses=joined(*parts, separator=", "))


_USES: dict[str, Callable[[int], str]] = {
    "dataset": lambda n: tr_lazy_plural("{n} dataset", "{n} datasets", n),
    "picture": lambda n: tr_lazy_plural("{n} picture", "{n} pictures", n),
    "post": lambda n: tr_lazy_plural("{n} post", "{n} posts", n),
    "reel": lambda n: tr_lazy_plural("{n} reel", "{n} reels", n),
    "lora": lambda n: tr_lazy_plural("{n} LoRA", "{n} LoRAs", n),
    "training": lambda n: tr_lazy_plural("{n} training run", "{n} training runs", n),
    "training-set": lambda n: tr_lazy_plural("{n} training run in line", "{n} training runs in line", n),
    "trashed-picture": lambda n: tr_lazy_plural("{n} deleted picture", "{n} deleted pictures", n),
    "trashed-clip": lambda n: tr_lazy_plural("{n} deleted video", "{n} deleted videos", n),
    "trashed-lora": lambda n: tr_lazy_plural("{n} deleted LoRA", "{n} deleted LoRAs", n),
    "trashed-dataset": lambda n: tr_lazy_plural("{n} deleted dataset", "{n} deleted datasets", n),
    "clip": lambda n: tr_lazy_plural("{n} video", "{n} videos", n),
}


def _used_by(noun: str, n: int) -> str:
    return _USES[noun](n) if noun in _USES else tr_lazy("{n} × {noun}", n=n, noun=noun)


@contextmanager
def _with_thumbnails(file: NewFile, thumbs: Sequence[ThumbFile] | bool) -> Iterator[NewFile]:
    """`file` with the given thumbnails, or with ones made here (True) in a folder that lasts as long as the `with` block."""
    if not isinstance(thumbs, bool):
        yield replace(file, thumbs=thumbs)
    elif thumbs:
        with tempfile.TemporaryDirectory(prefix="thumbs-") as folder:
            (width, height), thumbnails = pictures.make_thumbnails(file.path, Path(folder))
            thumb_files = tuple(ThumbFile(thumb_width, path) for thumb_width, path in thumbnails)
            yield replace(file, thumbs=thumb_files, width=width, height=height)
    else:
        yield file
