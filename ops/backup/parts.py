"""Reads a part of a backup: database, settings, list of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from ops.backup.encryption import DamagedPart, SecretKey, sha256_of
from ops.backup.records import BackupRecord
from ops.backup.targets import Target, stream


def fetch_part(target: Target, key: SecretKey, record: BackupRecord, name: str, take: Callable[[BinaryIO], None]) -> None:
    """Checks its hash, then gives it to `take`, decrypted. Raises DamagedPart."""
    full_name = f"{record.folder}/{name}"
    if sha256_of(target.read(full_name)).sha256 != record.parts[name].sha256:
        raise DamagedPart(f"{full_name} is not what was written. Choose an older one: BACKUP=… (python -m ops.backup list).")
    with key.decrypted(stream(target.read(full_name))) as plain:
        take(plain)
