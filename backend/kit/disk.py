"""Free space on a disk, and the sentence for a full one."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from backend.language import tr_lazy

FULL = tr_lazy(
    "The disk is full. Free some space on the machine that keeps the studio's data. Waiting jobs then continue by themselves."
)
_MIN_FREE_BYTES = 64 * 1024**2


def free(folder: Path) -> tuple[int, int]:
    """(free, total) bytes of the disk where `folder` is or will be."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    return usage.free, usage.total


def full(folder: Path) -> bool:
    """Whether less than 64 MiB are free."""
    return free(folder)[0] < _MIN_FREE_BYTES


def is_full(error: OSError) -> bool:
    """Whether the error means that the disk or the account's quota is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def caused_by_full(error: BaseException) -> bool:
    """Whether the error, or one that it was raised for, means that the disk is full: libraries wrap it in their own errors."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and is_full(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
