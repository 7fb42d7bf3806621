"""Objects back into the storage: those of the backup's manifest and of the logs up to the moment, each checked by its hash."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from backend.errors import NotFound
from backend.settings import Settings
from backend.storage import Storage
from ops.backup.encryption import DamagedPart, SecretKey
from ops.backup.objects import HashingReader, ObjectEntry, object_name, read_manifest
from ops.backup.records import BackupRecord
from ops.backup.targets import Target, stream

_THREADS = 4
_SMALL = 4 * 1024**2


@dataclass
class RestoredObjects:
    """`count` objects of `size` bytes. `damaged`: keys whose copy at the target is missing or not what it was. `missing`: keys
    that rows of the database name and no copy has; added in the last minute, or deleted already when the backup was made."""

    count: int = 0
    size: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def entries_until(target: Target, key: SecretKey, record: BackupRecord, at: datetime | None) -> list[ObjectEntry]:
    """Of the manifest, and of the logs after it up to the first that began after `at`."""
    entries = {entry.key: entry for entry in read_manifest(target, f"{record.folder}/objects.zst.age", key)}
    limit = f"{at:%Y%m%dT%H%M%S}" if at else "9"
    for name in target.list(f"{record.cluster}/object-logs/"):
        started = name.rsplit("/", 1)[-1]
        if started < f"{record.started_at:%Y%m%dT%H%M%S}":
            continue
        entries |= {entry.key: entry for entry in read_manifest(target, name, key)}
        if started > limit:
            break
    return list(entries.values())


def restore_objects(
    settings: Settings,
    target: Target,
    key: SecretKey,
    record: BackupRecord,
    at: datetime | None,
    report: Callable[[str], None],
    *,
    owner_url: str,
) -> RestoredObjects:
    """Writes those that the storage does not have. Raises Unavailable when it does not take them."""
    storage = Storage(settings)
    entries = entries_until(target, key, record, at)
    present = set(storage.list(""))
    todo = [entry for entry in entries if entry.key not in present]
    report(f"Restoring {len(todo)} files of the storage")
    outcome = RestoredObjects(len(entries), sum(entry.size for entry in entries))

    stored_assets = _stored_assets(owner_url)

    def put(entry: ObjectEntry) -> None:
        content_type = stored_assets.get(entry.key) or mimetypes.guess_type(entry.key)[0] or "application/octet-stream"
        try:
            _put(storage, target, key, record.cluster, entry, content_type)
        except (NotFound, DamagedPart):
            outcome.damaged.append(entry.key)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(put, todo))
    outcome.count -= len(outcome.damaged)
    outcome.missing = sorted(stored_assets.keys() - {entry.key for entry in entries} - present)
    return outcome


def _put(storage: Storage, target: Target, key: SecretKey, cluster: str, entry: ObjectEntry, content_type: str) -> None:
    name = object_name(cluster, entry.key)
    if entry.size <= _SMALL:
        data = key.decrypt(b"".join(target.read(name)))
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise DamagedPart(f"{entry.key} is not what it was.")
        storage.put_bytes(entry.key, data, content_type)
        return
    with key.decrypted(stream(target.read(name))) as plain:
        reader = HashingReader(iter(lambda: plain.read(256 * 1024), b""))
        chunks = iter(lambda: reader.read(256 * 1024) or b"", b"")
        storage.put_stream(entry.key, chunks, entry.size, content_type)
    if reader.digest.hexdigest() != entry.sha256:
        storage.delete([entry.key])
        raise DamagedPart(f"{entry.key} is not what it was.")


def _stored_assets(owner_url: str) -> dict[str, str]:
    """Key -> content type of what the database says is in storage."""
    with psycopg.connect(owner_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        return dict(connection.execute(b"SELECT key, content_type FROM assets WHERE state IN ('stored', 'deleted')").fetchall())
