"""The log of Postgres on its way to the target: from the folder where Postgres archives it, compressed and encrypted."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.kit import disk
from ops.backup import archives
from ops.backup.encryption import AgeRecipient
from ops.backup.objects import put_verified
from ops.backup.records import log_name
from ops.backup.targets import Target

_MIN_FREE_BYTES = 1024**3
_PACKED = ".gz"


@dataclass(frozen=True, slots=True)
class LogLag:
    """Bytes of segments that wait for the target, and since when the oldest waits (None: none does)."""

    size: int
    since: datetime | None


def ship(folder: Path, target: Target, recipient: AgeRecipient, cluster: str) -> int:
    """Takes the segments that Postgres has handed over, oldest first, and removes each once it is safe. Returns their bytes
    as they lie at the target. Raises DiskFull, Unavailable; what was not shipped stays."""
    shipped = 0
    for path in _waiting(folder):
        content = gzip.decompress(path.read_bytes()) if path.suffix == _PACKED else path.read_bytes()
        data = recipient.encrypt(archives.compress(content))
        archived_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        put_verified(target, log_name(cluster, path.name.removesuffix(_PACKED), archived_at), data)
        path.unlink()
        shipped += len(data)
    return shipped


def lag(folder: Path) -> LogLag:
    waiting = [path.stat() for path in _waiting(folder)]
    oldest = min((stat.st_mtime for stat in waiting), default=None)
    since = datetime.fromtimestamp(oldest, UTC) if oldest is not None else None
    return LogLag(sum(stat.st_size for stat in waiting), since)


def give_way(folder: Path) -> bool:
    """Gives the waiting segments up when this machine's disk is nearly full, because a full one stops Postgres for everybody.

    Returns whether it did: the log has a gap then, and only a new full backup begins it anew.
    """
    waiting = _waiting(folder)
    if not waiting or disk.free(folder)[0] >= _MIN_FREE_BYTES:
        return False
    for path in waiting:
        path.unlink(missing_ok=True)
    return True


def _waiting(folder: Path) -> list[Path]:
    """By name, which is the order of the log."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
