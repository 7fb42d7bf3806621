"""A folder for each process's temporary files, locked while the process lives. Unlocked ones, left by killed processes, are
removed by others (`sweep`)."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
PREFIX = "studio-worker-"
_base = ""
"""The system's temporary folder, while `tempfile.tempdir` points to ours."""
_LOCK = ".lock"
_STALE_S = 86_400.0
"""Versions before 0.6 did not lock their folder: such a folder is removed when nothing in it was written for a day."""


@contextmanager
def temp_folder() -> Iterator[Path]:
    """A private folder for as long as the `with` block, or this process, lasts. `tempfile` puts everything into it
    meanwhile."""
    global _base
    with _locked() as folder:
        before = tempfile.tempdir
        _base, tempfile.tempdir = tempfile.gettempdir(), str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir, _base = before, ""
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked() -> Iterator[Path]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (folder / _LOCK).exists():  # else a sweep removed the folder before it was locked: try another one
                yield folder
                return


def sweep() -> int:
    """Removes this account's folders that no process has locked. Returns how many. Any number of workers may call it at
    once."""
    removed = 0
    for folder in Path(_base or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if not folder.is_symlink() and folder.is_dir() and folder.stat().st_uid == os.geteuid():
                removed += _remove_if_unlocked(folder)
        except OSError as error:  # another process removes it right now
            log.info("temporary folder not removed", folder=str(folder), error=str(error))
    if removed:
        log.info("removed temporary folders of killed workers", folders=removed)
    return removed


def left_behind() -> list[Path]:
    """Those that `sweep` would remove."""
    folders = [
        path for path in Path(_base or tempfile.gettempdir()).glob(f"{PREFIX}*") if path.is_dir() and not path.is_symlink()
    ]
    return [folder for folder in sorted(folders) if folder.stat().st_uid == os.geteuid() and _is_unlocked(folder)]


def _is_unlocked(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return folder.exists() and _is_stale(folder)
    return True


def _remove_if_unlocked(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        if not _is_stale(folder):
            return False
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _is_stale(folder: Path) -> bool:
    """Of a folder without a lock file: whether an older version left it. Else a worker made it just now and has yet to lock
    it."""
    newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    return time.time() - newest > _STALE_S
