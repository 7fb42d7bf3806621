"""ZIP archives of pictures: read in a child with limits, one entry at a time on disk; written as a stream."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IFREG

from stream_zip import NO_COMPRESSION_64, stream_zip

from backend.errors import Invalid, ProcessKilled, StudioError
from backend.kit import child
from backend.language import messages, tr_lazy

ROOT = Path(__file__).resolve().parents[3]
_CHILD_MEMORY_MB = 1024
_MAX_SILENCE_S = 120
_DIED_MESSAGE = tr_lazy(
    "The archive cannot be read: opening it needs too much memory or time. Upload the pictures themselves, or smaller archives."
)
_KILLED_MESSAGE = tr_lazy("The program that opens the archive was ended from outside. It is started again.")


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """Sizes in bytes, unpacked. `max_entries` counts everything in the archive."""

    max_entries: int
    max_file_bytes: int
    max_total_bytes: int


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One picture: `path` exists until the next entry is requested; `caption` from the text file of the same name.

    `reason` set: this entry (a picture, or an unused text file) was refused, and there is no file. `total`: the least number of
    entries. `note`: a sentence about the caption. `folders`: all folders of the archive that hold pictures.
    """

    name: str
    path: Path | None
    caption: str | None
    reason: str = ""
    total: int = 0
    note: str = ""
    folders: tuple[str, ...] = ()


def entries(archive: Path, out: Path, limits: ZipLimits) -> Iterator[ZipEntry]:
    """Every picture of the archive, extracted into the folder `out` and removed again when the next one is requested.

    Raises Invalid, with a sentence, when the archive as a whole is refused (damaged, encrypted, empty, too many entries, a
    bomb), OSError (ENOSPC) when the disk is full, ProcessKilled when the reading program was ended from outside.
    """
    proc = child.spawn(
        [sys.executable, "-m", "backend.media.documents.zip_child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        memory_mb=_CHILD_MEMORY_MB,
        nofile=64,
    )
    assert proc.stdin is not None
    try:
        request = {
            "archive": str(archive),
            "out": str(out),
            "max_entries": limits.max_entries,
            "max_file_bytes": limits.max_file_bytes,
            "max_total_bytes": limits.max_total_bytes,
        }
        proc.stdin.write(json.dumps(request).encode() + b"\n")
        yield from _read_entries(proc)
    except BrokenPipeError:
        raise _child_error(proc) from None
    finally:
        child.stop(proc, grace_s=0)


def _read_entries(proc: child.Child) -> Iterator[ZipEntry]:
    assert proc.stdin is not None
    silent_s = 0
    for answer in child.json_lines(proc, every_s=1.0):
        if answer is None:
            silent_s += 1
            if silent_s > _MAX_SILENCE_S:
                raise Invalid(_DIED_MESSAGE)
            continue
        silent_s = 0
        if "refused" in answer:
            raise Invalid(messages.read(answer["refused"]))
        if "disk_full" in answer:
            raise OSError(errno.ENOSPC, answer["disk_full"])
        if "end" in answer:
            return
        path = Path(answer["path"]) if answer["path"] else None
        folders = tuple(answer["folders"])
        reason, note = messages.read(answer["reason"]), messages.read(answer["note"])
        yield ZipEntry(answer["name"], path, answer["caption"], reason, answer["total"], note, folders)
        if path is not None:
            path.unlink(missing_ok=True)
        proc.stdin.write(b"\n")
    raise _child_error(proc)


def _child_error(proc: child.Child) -> StudioError:
    return ProcessKilled(_KILLED_MESSAGE) if child.killed(proc) else Invalid(_DIED_MESSAGE)


def stream(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A ZIP of (name, chunks of bytes), not compressed as pictures do not shrink. Memory use does not grow with its size."""
    now = datetime.now(UTC)
    members = ((name, now, S_IFREG | 0o644, NO_COMPRESSION_64, pieces) for name, pieces in files)
    yield from stream_zip(members)
