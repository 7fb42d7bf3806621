"""Where backups go: a folder, or a bucket of any S3. A name is written whole or not at all."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from backend.errors import DiskFull, Invalid, NotFound, Unavailable
from backend.kit import disk
from backend.kit.ids import new_id
from backend.settings import Settings
from backend.storage import Storage

MARKER = "studio-backups.json"
_CHUNK = 1024 * 1024


class Target(Protocol):
    """Names have slashes. Everything may raise Unavailable, writing also DiskFull; reading a missing name NotFound."""

    label: str
    """For people, without passwords."""
    checks_uploads: bool
    """Whether the server itself has compared what arrived with the hash that was sent along."""

    @contextmanager
    def writing(self, name: str, *, durable: bool = True) -> Iterator[Path]:
        """A path to write to; when the block ends without an error, its bytes are the target's `name`. `durable`: they
        survive a power failure from then on; without it after the next durable one."""
        ...

    def read(self, name: str) -> Iterator[bytes]: ...

    def list(self, prefix: str) -> Iterator[str]:
        """Names that begin with `prefix`, which ends with a slash or is empty; sorted."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Missing names are no error."""
        ...


def open_target(settings: Settings) -> Target:
    """The target of BACKUP_TARGET. Raises Invalid when there is none, or when it is not usable."""
    where = settings.backup.target.strip()
    if not where:
        raise Invalid("No backup target is set. Write BACKUP_TARGET=/path/on/another/disk (or s3://bucket/prefix) into .env.")
    if where.startswith("s3://"):
        return S3Target(settings, where)
    folder = Path(where).expanduser().resolve()
    if folder.is_relative_to(settings.data_dir.resolve()):
        raise Invalid(f"BACKUP_TARGET ({folder}) lies in the studio's own folder: a backup there is lost with what it is of.")
    return FolderTarget(folder)


def ensure_marked(target: Target, *, new: bool) -> str:
    """The target's own id, from its marker. `new`: nothing of ours was ever written there, so a missing marker is made.

    Raises Unavailable when the marker has gone, which is what a disk that is not mounted looks like.
    """
    try:
        return str(json.loads(b"".join(target.read(MARKER)))["id"])
    except NotFound:
        if not new:
            raise Unavailable(
                f"{target.label} does not hold the backups any more: is its disk mounted? Nothing was written there. "
                "If it is to begin anew, remove the folder `backup` in STUDIO_DATA."
            ) from None
    target_id = new_id("target")
    with target.writing(MARKER) as path:
        path.write_text(json.dumps({"id": target_id, "about": "Backups of InfluencerAI Studio, encrypted with age."}))
    return target_id


class FolderTarget:
    checks_uploads = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.label = str(folder)
        self._loose = False
        """Whether something was written that may be lost in a power failure."""

    @contextmanager
    def writing(self, name: str, *, durable: bool = True) -> Iterator[Path]:
        path = self._folder / name
        part = path.with_name(f".{path.name}.{new_id('part')}")
        with _translated_errors(self.label):
            if not self._folder.is_dir():
                raise Unavailable(f"The backup target {self.label} is not there. Mount its disk, or make the folder.")
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            with _translated_errors(self.label):
                if durable:
                    self._sync(part)
                part.replace(path)
                if durable:
                    _sync(path.parent)
                else:
                    self._loose = True
        except OSError as error:
            raise _translated(error, self.label) from error
        finally:
            part.unlink(missing_ok=True)

    def _sync(self, part: Path) -> None:
        if self._loose:
            self._loose = False  # first: what another thread writes meanwhile waits for the next one
            os.sync()
        else:
            _sync(part)

    def read(self, name: str) -> Iterator[bytes]:
        with _translated_errors(self.label):
            file = (self._folder / name).open("rb")
        return self._chunks(file)

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        with file, _translated_errors(self.label):
            while chunk := file.read(_CHUNK):
                yield chunk

    def list(self, prefix: str) -> Iterator[str]:
        start = self._folder / prefix
        paths = sorted(path for path in start.rglob("*") if path.is_file() and not path.name.startswith("."))
        for path in paths:
            yield path.relative_to(self._folder).as_posix()

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            path = self._folder / name
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()


class S3Target:
    """Uploads are checked by the server against the hash that the client sends with each part."""

    checks_uploads = True

    def __init__(self, settings: Settings, url: str) -> None:
        parts = urlsplit(url)
        if not parts.netloc:
            raise Invalid("BACKUP_TARGET must be s3://bucket or s3://bucket/prefix.")
        chosen = settings.backup
        replaced = {
            "S3_ENDPOINT": chosen.s3_endpoint or settings.storage.endpoint,
            "S3_KEY": chosen.s3_key.get_secret_value() or settings.storage.access_key.get_secret_value(),
            "S3_SECRET": chosen.s3_secret.get_secret_value() or settings.storage.secret_key.get_secret_value(),
            "S3_REGION": chosen.s3_region or settings.storage.region,
            "S3_BUCKET": parts.netloc,
        }
        if not replaced["S3_ENDPOINT"]:
            raise Invalid(
                "BACKUP_TARGET is s3://…, but BACKUP_S3_ENDPOINT does not say where (https://s3.eu-west-1.amazonaws.com)."
            )
        self._storage = Storage(settings.replace(**replaced))
        self._prefix = parts.path.strip("/")
        self.label = f"s3://{parts.netloc}/{self._prefix}".rstrip("/")

    @contextmanager
    def writing(self, name: str, *, durable: bool = True) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="studio-backup-") as folder:
            path = Path(folder) / "part"
            yield path
            self._storage.put_file(self._key(name), path, "application/octet-stream")

    def read(self, name: str) -> Iterator[bytes]:
        return self._storage.open(self._key(name))

    def list(self, prefix: str) -> Iterator[str]:
        cut = len(self._key(""))
        return iter(sorted(key[cut:] for key in self._storage.list(self._key(prefix))))

    def delete(self, names: Iterable[str]) -> None:
        self._storage.delete(self._key(name) for name in names)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


class StreamReader(io.RawIOBase):
    """A readable file over chunks of any size."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def stream(chunks: Iterator[bytes]) -> BinaryIO:
    return io.BufferedReader(StreamReader(chunks), 256 * 1024)


def free_bytes(target: Target) -> int | None:
    """Room at a target that is a folder; None: not known."""
    return shutil.disk_usage(target.label).free if isinstance(target, FolderTarget) and Path(target.label).is_dir() else None


@contextmanager
def _translated_errors(label: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _translated(error, label) from error


def _translated(error: OSError, label: str) -> Exception:
    if isinstance(error, FileNotFoundError):
        return NotFound(f"It is not at {label}: {Path(str(error.filename)).name}", detail=str(error))
    if disk.is_full(error):
        return DiskFull(
            f"The backup target {label} is full. Make room there or lower BACKUP_KEEP_DAYS; the last good backup stays valid.",
            detail=str(error),
        )
    return Unavailable(f"The backup target {label} does not answer ({error.strerror}). The last good backup stays valid.")


def _sync(path: Path) -> None:
    """Makes a file, or the names in a folder, survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
