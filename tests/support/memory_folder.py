"""A folder in memory for the files of a test run.

Tests make and delete thousands of small files (databases, backups, data folders). ext4 gives nobody an inode that was deleted
in the last seconds, so after a mass deletion each new file near it costs a millisecond of the kernel's time instead of 0.03
(measured; a fifth of the suite).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
_PREFIX = "studio-"
"""Before the number of the run's process. Short: paths of sockets end at 107 characters."""
_NEEDED_BYTES = 6 * 1024**3
"""Three times what a run was seen to use; without that much room files go where they go otherwise."""


def make_memory_folder() -> Path | None:
    """An empty folder that `TMPDIR` names from now on; None where it is set already, or memory is short or unknown."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    _remove_left_behind()
    if min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available // 2) < _NEEDED_BYTES:
        return None
    folder = MEMORY / f"{_PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o755)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # read again
    return folder


def _remove_left_behind() -> None:
    """Of runs that were killed."""
    for folder in MEMORY.glob(f"{_PREFIX}[0-9]*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(_PREFIX))):
            shutil.rmtree(folder, ignore_errors=True)
