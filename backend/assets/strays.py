"""Finds stray files: objects in the storage that no row names. They are reported once a day and never deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import select, union_all

from backend.assets.keys import FOLDERS, owner_key
from backend.assets.service import OpenTx
from backend.db.tables import Asset, Upload
from backend.storage import Storage

_BATCH = 1000


def find_strays(
    open_tx: OpenTx, storage: Storage, *, tenant_id: str, check: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Keys of stray files of one workspace. A row is written before its bytes and read here after the listing, so a file that
    is being stored is not reported.

    `check` is called between batches and may raise to stop. Raises Unavailable while S3 is away.
    """
    for folder in FOLDERS:
        listed = storage.list(f"{folder}/{tenant_id}/")
        while batch := list(islice(listed, _BATCH)):
            check()
            owners = {owner_key(key) for key in batch}
            assets = select(Asset.key).where(Asset.key.in_(owners), Asset.state != "purged")
            with open_tx() as tx:
                known_keys = set(tx.scalars(union_all(assets, select(Upload.key).where(Upload.key.in_(owners)))))
            yield from (key for key in batch if owner_key(key) not in known_keys)
