"""Reads a backup with the secret key and checks all of it, without restoring: the database with Postgres's own program, every
object by its hash, and that the log has no gap."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from backend.errors import NotFound
from backend.settings import Settings
from ops.backup import archives, choice, records, source
from ops.backup.encryption import DamagedPart, SecretKey, sha256_of
from ops.backup.object_restore import entries_until
from ops.backup.objects import ObjectEntry, object_name
from ops.backup.records import BackupRecord, LogName
from ops.backup.source import BackupProgramFailed
from ops.backup.targets import Target, open_target, stream
from ops.local_stack import binaries


def verify_backup(
    settings: Settings, env: Mapping[str, str], *, backup_id: str = "", cluster: str = "", report: Callable[[str], None]
) -> dict[str, Any]:
    """The newest backup with all that it needs, or `backup_id`. Raises NotFound, and DamagedPart with what is wrong."""
    target, key = open_target(settings), choice.read_key(settings)
    programs = binaries.postgres(env).parent
    major = binaries.postgres_major(programs / "postgres")
    picked = choice.choose(target, at=None, cluster=cluster, backup_id=backup_id, postgres_major=major)
    for record in picked.chain:
        report(f"Checking {record.id}")
        _check_parts(target, key, record, programs)
    entries = entries_until(target, key, picked.last, None)
    damaged = [entry.key for entry in entries if not _is_whole(target, key, picked.last.cluster, entry)]
    segments = _log_of(target, picked.last)
    if damaged:
        raise DamagedPart(f"{len(damaged)} of {len(entries)} files are damaged or missing, among them {damaged[0]}.")
    return {"backup": picked.last.id, "objects": len(entries), "log_segments": len(segments), "chain": len(picked.chain)}


def _check_parts(target: Target, key: SecretKey, record: BackupRecord, programs: Path) -> None:
    for name, part in record.parts.items():
        if sha256_of(target.read(f"{record.folder}/{name}")).sha256 != part.sha256:
            raise DamagedPart(f"{record.folder}/{name} is not what was written.")
    if record.kind == "dump":
        return
    with tempfile.TemporaryDirectory(prefix="studio-verify-") as temporary:
        folder = Path(temporary) / "database"
        with key.decrypted(stream(target.read(f"{record.folder}/database.tar.zst.age"))) as plain:
            archives.unpack(plain, folder)
        try:
            source.verify(programs, folder)
        except BackupProgramFailed as error:
            raise DamagedPart(f"{record.id}: {error.message}") from error


def _is_whole(target: Target, key: SecretKey, cluster: str, entry: ObjectEntry) -> bool:
    digest = hashlib.sha256()
    try:
        with key.decrypted(stream(target.read(object_name(cluster, entry.key)))) as plain:
            while chunk := plain.read(256 * 1024):
                digest.update(chunk)
    except (DamagedPart, NotFound):
        return False
    return digest.hexdigest() == entry.sha256


def _log_of(target: Target, record: BackupRecord) -> list[LogName]:
    """The log from this backup on. Raises DamagedPart at a gap: what comes after it cannot be reached from here."""
    entries = [entry for name in target.list(f"{record.cluster}/wal/") if (entry := records.parse_log_name(name))]
    needed = [entry for entry in records.segments_needed(entries, record.first_segment, None) if not entry.is_history]
    if record.kind != "dump" and (not needed or needed[0].segment[8:] != record.first_segment[8:]):
        raise DamagedPart(f"The log of {record.id} begins too late: {record.first_segment} is missing.")
    numbers = sorted({_number(entry.segment) for entry in needed})
    for before, after in pairwise(numbers):
        if after != before + 1:
            raise DamagedPart(f"The log has a gap behind segment {before:X}: make a full backup, which begins it anew.")
    return needed


def _number(segment: str) -> int:
    """Segments of 16 MiB, counted through: 256 of them make one of the middle part."""
    return int(segment[8:16], 16) * 256 + int(segment[16:24], 16)
