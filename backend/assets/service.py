"""Keeping bytes: an intent row, the bytes, then the row that says they are there. What uses them decides what may go."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.assets.keys import thumb_key
from backend.assets.queries import card
from backend.assets.schemas import AssetCard, NewFile, ThumbFile
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.kit.trips import Call
from backend.storage import Storage
from backend.tables import Asset, AssetUse
from backend.tools import pictures

OpenTx = Callable[[], AbstractContextManager[Session]]
_WORDS = {"lora": "LoRA", "training": "training run", "training-set": "training run in line"}


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
    """Keeps the file at `path` under `key`. `open_tx` opens a transaction (`ctx.transaction`); none is open while bytes move.

    `thumbs=True` draws the thumbnails here: only for pictures our own engines made. Raises Unavailable, Conflict (key taken).
    """
    new = NewFile(path, kind, key, content_type, filename, width, height, (), meta or {}, uses)
    with drawn(new, thumbs) as file:
        with open_tx() as tx:
            [asset_id] = intend(tx, [file], job_id=job_id, attempt_id=attempt_id)
        sent = put(storage, file)
        with open_tx() as tx:
            return confirm(tx, {asset_id: sent})[0]


@dataclass(frozen=True, slots=True)
class Sent:
    """A file whose bytes are in the storage: what was read on the way."""

    file: NewFile
    size_bytes: int
    sha256: str


def intend(tx: Session, files: Sequence[NewFile], *, job_id: str | None = None, attempt_id: str | None = None) -> list[str]:
    """Writes that these bytes are about to be stored, so that a crash leaves nothing unknown. Returns the asset ids, in order.

    Raises Conflict when a key already holds something.
    """
    if not files:
        return []
    made = {"job_id": job_id, "attempt_id": attempt_id, "created_by": tx.info.get("user_id")}
    rows = [{"id": new_id("ast"), "kind": f.kind, "key": f.key, "content_type": f.content_type, **made} for f in files]
    new = insert(Asset).values(rows)
    again = new.on_conflict_do_update(
        index_elements=["tenant_id", "key"], set_={"attempt_id": attempt_id}, where=Asset.state == "intent"
    )
    ids = {key: asset_id for asset_id, key in tx.execute(again.returning(Asset.id, Asset.key)).all()}
    if len(ids) < len(files):
        raise Conflict("These bytes are already stored under the same key. Reload the page and look before trying again.")
    return [ids[file.key] for file in files]


def put(storage: Storage, file: NewFile) -> Sent:
    """The file and its thumbnails at once; nobody sees any of them before the row says that all are there."""
    with ThreadPoolExecutor(1 + len(file.thumbs)) as pool:
        own = pool.submit(storage.put_file, file.key, file.path, file.content_type)
        small = [pool.submit(storage.put_file, thumb_key(file.key, t.width), t.path, "image/webp") for t in file.thumbs]
        sha256 = digest(file.path)
        for sending in (own, *small):
            sending.result()
    return Sent(file, file.path.stat().st_size, sha256)


def digest(path: Path) -> str:
    """SHA-256, hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def confirm(tx: Session, sent: Mapping[str, Sent]) -> list[AssetCard]:
    """Turns intents (asset id -> what was sent) into stored assets, with their first uses."""
    cards = []
    for row in tx.scalars(select(Asset).where(Asset.id.in_(sent)).with_for_update()).all():
        one = sent[row.id]
        row.state, row.size_bytes, row.sha256 = "stored", one.size_bytes, one.sha256
        row.filename, row.width, row.height = one.file.filename, one.file.width, one.file.height
        row.thumbs, row.meta = [thumb.width for thumb in one.file.thumbs], dict(one.file.meta)
        cards.append(card(row))
    tx.flush()
    pairs = [(asset_id, *use) for asset_id, one in sent.items() for use in one.file.uses]
    _use(tx, pairs)
    order = {asset_id: n for n, asset_id in enumerate(sent)}
    return sorted(cards, key=lambda one: order[one.id])


_CONFIRMED = ("size_bytes", "sha256", "filename", "width", "height", "thumbs", "meta")
_CONFIRM = update(Asset).where(Asset.id == bindparam("asset"))
_CONFIRM = _CONFIRM.values({name: bindparam(name) for name in ("state", *_CONFIRMED)})


def confirming(asset_id: str, sent: Sent) -> Call:
    """What `confirm` writes of one file, as a call of a trip."""
    file, thumbs = sent.file, [thumb.width for thumb in sent.file.thumbs]
    said = (sent.size_bytes, sent.sha256, file.filename, file.width, file.height, thumbs, dict(file.meta))
    return _CONFIRM, {"asset": asset_id, "state": "stored", **dict(zip(_CONFIRMED, said, strict=True))}


def use(tx: Session, asset_id: str, noun: str, noun_id: str) -> None:
    """Says that something needs the asset; saying it twice is once."""
    _use(tx, [(asset_id, noun, noun_id)])


def unuse(tx: Session, asset_id: str, noun: str, noun_id: str) -> None:
    where = AssetUse.asset_id == asset_id, AssetUse.noun == noun, AssetUse.noun_id == noun_id
    tx.execute(delete_rows(AssetUse).where(*where))


def use_all(tx: Session, noun: str, pairs: Sequence[tuple[str, str]]) -> None:
    """`use` for many (asset id, noun id)."""
    _use(tx, [(asset_id, noun, noun_id) for asset_id, noun_id in pairs])


def unuse_all(tx: Session, noun: str, noun_ids: Sequence[str]) -> None:
    """These things need no asset any more."""
    tx.execute(delete_rows(AssetUse).where(AssetUse.noun == noun, AssetUse.noun_id.in_(noun_ids)))


def delete(tx: Session, asset_ids: Sequence[str], *, force: bool = False) -> int:
    """Marks them deleted; the bytes go some days later. Returns how many there were.

    Raises Conflict saying what uses them, unless `force` (which ends the uses).
    """
    if not asset_ids:
        return 0
    held = tx.execute(select(AssetUse.noun, AssetUse.noun_id).where(AssetUse.asset_id.in_(asset_ids)).distinct()).all()
    if held and not force:
        raise Conflict(
            f"{_held(Counter(noun for noun, _ in held))} Remove it there first, or delete it anyway.", uses=len(held)
        )
    tx.execute(delete_rows(AssetUse).where(AssetUse.asset_id.in_(asset_ids)))
    gone = update(Asset).where(Asset.id.in_(asset_ids), Asset.state == "stored").returning(Asset.id)
    return len(tx.execute(gone.values(state="deleted", deleted_at=func.clock_timestamp())).all())


def restore(tx: Session, asset_ids: Sequence[str]) -> set[str]:
    """Deleted ones are stored again while their bytes exist. Returns the ids of those there now: `use` them in `tx`."""
    there = update(Asset).where(Asset.id.in_(asset_ids), Asset.state.in_(("stored", "deleted"))).returning(Asset.id)
    return set(tx.scalars(there.values(state="stored", deleted_at=None)))


def fetch(storage: Storage, asset: AssetCard, path: Path) -> None:
    """The asset's bytes as a file. Raises Unavailable, NotFound."""
    storage.get_file(asset.key, path)


def _use(tx: Session, pairs: Sequence[tuple[str, str, str]]) -> None:
    if pairs:
        rows = [{"asset_id": asset_id, "noun": noun, "noun_id": noun_id} for asset_id, noun, noun_id in pairs]
        tx.execute(insert(AssetUse).values(rows).on_conflict_do_nothing())


def _held(nouns: Counter[str]) -> str:
    parts = [f"{n} {_WORDS.get(noun, noun)}{'s' if n > 1 else ''}" for noun, n in sorted(nouns.items())]
    return f"This file is used by {' and '.join(parts)}."


@contextmanager
def drawn(file: NewFile, thumbs: Sequence[ThumbFile] | bool) -> Iterator[NewFile]:
    if not isinstance(thumbs, bool):
        yield replace(file, thumbs=thumbs)
    elif thumbs:
        with tempfile.TemporaryDirectory(prefix="thumbs-") as folder:
            (width, height), made = pictures.thumbnails(file.path, Path(folder))
            drawn = tuple(ThumbFile(wide, path) for wide, path in made)
            yield replace(file, thumbs=drawn, width=width, height=height)
    else:
        yield file
