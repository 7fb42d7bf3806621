"""Compares the bucket with the rows: objects that no row names, rows whose object is missing, unfinished uploads.

Safe beside a running studio: a row is written before its bytes, and no key is written twice, so what is older than the grace
and has no row gets none any more. Each is looked at again, in a transaction, right before it is removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select

from backend import assets
from backend.app import App
from backend.db.tables import Asset, Workspace
from backend.db.transactions import SystemCaller
from backend.errors import NotFound
from backend.kit.clock import now
from backend.storage import StoredObject, UnfinishedUpload

_AT_ONCE = 1000


def workspace_ids(app: App) -> list[str]:
    with app.db.dispatch() as tx:
        return list(tx.scalars(select(Workspace.id).order_by(Workspace.id)))


def orphans(app: App, *, grace: timedelta) -> Iterator[tuple[StoredObject, bool]]:
    """Objects older than `grace` that no row names, and whether their workspace still exists. Raises Unavailable."""
    existing, limit = set(workspace_ids(app)), now() - grace
    for folder in assets.FOLDERS:
        for batch in _batches(app.storage.objects(f"{folder}/")):
            old = [item for item in batch if item.written_at < limit]
            unnamed = _without_rows(app, [item.key for item in old])
            yield from ((item, assets.workspace_of(item.key) in existing) for item in old if item.key in unnamed)


def remove(app: App, objects: Sequence[StoredObject]) -> int:
    """Removes those that still have no row. Returns how many."""
    removed = 0
    for batch in _batches(iter(objects)):
        unnamed = _without_rows(app, [item.key for item in batch])
        app.storage.delete(sorted(unnamed))
        removed += len(unnamed)
    return removed


def _without_rows(app: App, keys: Iterable[str]) -> set[str]:
    by_workspace: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_workspace[assets.workspace_of(key)].append(key)
    unnamed: set[str] = set()
    for workspace_id, of_workspace in by_workspace.items():
        with app.db.transaction(SystemCaller(workspace_id)) as tx:
            unnamed |= set(of_workspace) - assets.keys_with_rows(tx, of_workspace)
    return unnamed


def missing(app: App) -> Iterator[tuple[str, str]]:
    """(workspace, key) of files whose row says that they are stored, while the storage has no such object. Each is asked for
    again, because it may have come or gone meanwhile. Raises Unavailable."""
    for workspace_id in workspace_ids(app):
        listed = {hash(item.key) for folder in assets.FOLDERS for item in app.storage.objects(f"{folder}/{workspace_id}/")}
        after = ""
        while rows := _stored_keys(app, workspace_id, after):
            after = rows[-1][0]
            for asset_id, key in rows:
                if hash(key) not in listed and _is_missing(app, workspace_id, asset_id, key):
                    yield workspace_id, key


def _stored_keys(app: App, workspace_id: str, after: str) -> list[tuple[str, str]]:
    query = select(Asset.id, Asset.key).where(Asset.state == "stored", Asset.id > after).order_by(Asset.id).limit(_AT_ONCE)
    with app.db.transaction(SystemCaller(workspace_id)) as tx:
        return [(asset_id, key) for asset_id, key in tx.execute(query)]


def _is_missing(app: App, workspace_id: str, asset_id: str, key: str) -> bool:
    try:
        app.storage.stat(key)
    except NotFound:
        with app.db.transaction(SystemCaller(workspace_id)) as tx:
            return tx.scalar(select(Asset.state).where(Asset.id == asset_id)) == "stored"
    return False


def unfinished(app: App, *, grace: timedelta) -> list[UnfinishedUpload]:
    """Uploads in parts that were begun before `grace` and never ended. A live one lasts an hour at most."""
    limit: datetime = now() - grace
    return [upload for upload in app.storage.unfinished() if upload.begun_at < limit]


def _batches(items: Iterator[StoredObject]) -> Iterator[list[StoredObject]]:
    while batch := list(islice(items, _AT_ONCE)):
        yield batch
