"""Temporary folders of benches. One that was killed leaves its folder, often gigabytes of frames: the next bench removes it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_PREFIX = "studio-bench-"
_WITHOUT_PID_S = 86_400.0
"""Folders of earlier versions do not name their process: they are removed when nothing was put into them for a day."""


@contextmanager
def bench_folder() -> Iterator[Path]:
    """An empty folder, named after this process, for as long as the `with` block lasts."""
    remove_left_folders()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def remove_left_folders() -> None:
    """Removes the folders of benches whose process is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = re.match(rf"{_PREFIX}(\d+)-", folder.name)
        if not psutil.pid_exists(int(pid[1])) if pid else time.time() - folder.stat().st_mtime > _WITHOUT_PID_S:
            shutil.rmtree(folder, ignore_errors=True)
