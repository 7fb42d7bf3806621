"""Keeps what leaves the audit log, as compressed files of JSON lines on this machine."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.errors import Unavailable
from backend.language import tr_lazy


def archive(folder: Path, acts: Sequence[Mapping[str, Any]]) -> None:
    """Adds them to `folder`/<month of the act>.jsonl.gz, one JSON object a line. They are on the disk when it returns.

    After a crash a line may be there twice, with the same `id`. Raises Unavailable: then nothing may be deleted.
    """
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for act in acts:
        lines[str(act["created_at"])[:7]].append(json.dumps(act, ensure_ascii=False, sort_keys=True) + "\n")
    try:
        for month, of_month in sorted(lines.items()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _append(folder / f"{month}.jsonl.gz", gzip.compress("".join(of_month).encode()))
    except OSError as error:
        raise Unavailable(
            tr_lazy("The audit log could not be archived in {folder}, so nothing was deleted.", folder=str(folder))
        ) from error


def _append(path: Path, member: bytes) -> None:
    """Adds a whole member to the gzip file: readers read the members of a file one after the other."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # a backup copies whole members (ops/backup/audit_archive.py)
        start = os.fstat(descriptor).st_size
        try:
            if (written := os.write(descriptor, member)) != len(member):
                raise OSError(f"{path} took {written} of {len(member)} bytes")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, start)  # half a member would make the file unreadable
            raise
    finally:
        os.close(descriptor)
