"""The audit log's archive (backend/audit/archive.py) lies on a machine: it goes into each backup that is made there."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

_NAME = "audit"


def copy(data_dir: Path, installation: Path) -> None:
    """Into the folder that becomes a backup's part, each file between two additions: half of one at the end would spoil
    what is added after a restore."""
    for path in sorted((data_dir / _NAME).glob("*.jsonl.gz")):
        (installation / _NAME).mkdir(exist_ok=True)
        with path.open("rb") as file, (installation / _NAME / path.name).open("wb") as to:
            fcntl.flock(file, fcntl.LOCK_SH)
            shutil.copyfileobj(file, to)


def put_back(installation: Path, data_dir: Path) -> None:
    """The files of a backup that are missing or shorter here: they only ever grow. One that was made longer since stays."""
    for path in sorted((installation / _NAME).glob("*.jsonl.gz")):
        here = data_dir / _NAME / path.name
        if not here.exists() or here.stat().st_size < path.stat().st_size:
            here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = here.with_suffix(".part")
            shutil.copyfile(path, part)
            part.chmod(0o600)
            part.replace(here)
