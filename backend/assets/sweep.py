"""Retention: deletes assets that nothing has used for a while, their bytes some days later, and old uploads; reports files in
the storage that no row names. Works in small batches from the rows, so it can stop at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, union_all, update
from sqlalchemy.orm import Session

from backend.assets.keys import FOLDERS, owner_key, thumb_key
from backend.assets.schemas import THUMB_WIDTHS
from backend.assets.service import OpenTx
from backend.db.tables import Asset, AssetUse, Upload
from backend.settings import Settings
from backend.storage import Storage

_BATCH = 200
_LISTED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many assets were marked as deleted, how many had their bytes removed, how many uploads were deleted."""

    retired: int
    purged: int
    uploads: int


def sweep(open_tx: OpenTx, storage: Storage, *, settings: Settings, check: Callable[[], None] = lambda: None) -> SweepResult:
    """Sweeps one workspace. `check` is called between batches and may raise to stop. Raises Unavailable while S3 is away."""
    retired = purged = uploads = 0
    while n := _retire(open_tx, settings):
        check()
        retired += n
    while n := _purge(open_tx, storage, settings):
        check()
        purged += n
    while n := _clear_uploads(open_tx, storage, settings):
        check()
        uploads += n
    return SweepResult(retired, purged, uploads)


def _older(column: Any, days: float) -> ColumnElement[bool]:
    age: ColumnElement[bool] = column < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400.0)
    return age


def _retire(open_tx: OpenTx, settings: Settings) -> int:
    """Marks assets without a use as deleted, archives earlier than others (their contents are stored apart). Returns how
    many."""
    unused = ~exists().where(AssetUse.asset_id == Asset.id)
    old_archive = (Asset.kind == "archive") & _older(Asset.created_at, settings.retention.archive_days)
    old = select(Asset.id).where(
        Asset.state == "stored", unused, _older(Asset.created_at, settings.retention.unused_days) | old_archive
    )
    with open_tx() as tx:
        ids = tx.scalars(old.limit(_BATCH).with_for_update(skip_locked=True)).all()
        # `unused` is checked again now that the rows are locked: a use may have been added in between.
        tx.execute(update(Asset).where(Asset.id.in_(ids), unused).values(state="deleted", deleted_at=func.clock_timestamp()))
    return len(ids)


def _purge(open_tx: OpenTx, storage: Storage, settings: Settings) -> int:
    """Removes the bytes of deleted assets, and of intents older than a day, whose upload has failed. Returns how many.

    Assets become intents again before their bytes are removed: nobody can restore them then, and after a crash they are found
    as stale intents.
    """
    stale = (Asset.state == "intent") & _older(Asset.created_at, 1)
    due = (Asset.state == "deleted") & _older(Asset.deleted_at, settings.retention.purge_after_days)
    with open_tx() as tx:
        batch = select(Asset.id).where(or_(stale, due)).limit(_BATCH).with_for_update(skip_locked=True)
        rows = tx.scalars(select(Asset).where(Asset.id.in_(tx.scalars(batch).all()))).all()
        tx.execute(update(Asset).where(Asset.id.in_([row.id for row in rows])).values(state="intent"))
    if rows:
        storage.delete([key for row in rows for key in _keys(row)])
        with open_tx() as tx:
            removed = Asset.id.in_([row.id for row in rows]), Asset.state == "intent"
            tx.execute(update(Asset).where(*removed).values(state="purged"))
    return len(rows)


def _keys(row: Asset) -> list[str]:
    return [row.key, *(thumb_key(row.key, width) for width in {*THUMB_WIDTHS, *row.thumbs})]


def _clear_uploads(open_tx: OpenTx, storage: Storage, settings: Settings) -> int:
    """Deletes uploads: incomplete ones after a day, stored ones that were never accepted after `purge_after_days`, and rows
    with a reason after `unused_days`. Returns how many."""
    old = or_(
        (Upload.state == "uploading") & _older(Upload.created_at, 1),
        (Upload.state == "stored") & _older(Upload.created_at, settings.retention.purge_after_days),
        _older(Upload.created_at, settings.retention.unused_days),
    )
    with open_tx() as tx:
        rows = [(row.id, row.key) for row in tx.scalars(select(Upload).where(old).limit(_BATCH))]
    if rows:
        storage.delete([key for _, key in rows])
        with open_tx() as tx:
            tx.execute(delete(Upload).where(Upload.id.in_([upload_id for upload_id, _ in rows])))
    return len(rows)


def find_strays(
    open_tx: OpenTx, storage: Storage, *, tenant_id: str, check: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Keys of stray files of one workspace. A row is written before its bytes and read here after the listing, so a file that
    is being stored is not reported.

    `check` is called between batches and may raise to stop. Raises Unavailable while S3 is away.
    """
    for folder in FOLDERS:
        listed = storage.list(f"{folder}/{tenant_id}/")
        while batch := list(islice(listed, _LISTED_AT_ONCE)):
            check()
            with open_tx() as tx:
                with_rows = keys_with_rows(tx, batch)
            yield from (key for key in batch if key not in with_rows)


def keys_with_rows(tx: Session, keys: Sequence[str]) -> set[str]:
    """Those of `keys`, of the workspace of `tx`, that a file or an upload names; thumbnails are named with their file."""
    owners = {owner_key(key) for key in keys}
    assets = select(Asset.key).where(Asset.key.in_(owners), Asset.state != "purged")
    named = set(tx.scalars(union_all(assets, select(Upload.key).where(Upload.key.in_(owners)))))
    return {key for key in keys if owner_key(key) in named}


def workspace_of(key: str) -> str:
    """The workspace whose folder a key is in; "" for what is no file of a workspace."""
    folder, _, rest = key.partition("/")
    return rest.partition("/")[0] if folder in FOLDERS else ""
