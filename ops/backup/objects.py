"""Objects of the storage: each is copied once, because keys are never written over; manifests say what there was when."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, cast

from backend.errors import NotFound, Unavailable
from backend.storage import Storage
from ops.backup import archives
from ops.backup.encryption import AgeRecipient, SecretKey, WrittenPart, sha256_of
from ops.backup.local_state import LocalState
from ops.backup.targets import Target, stream

HEALTH_KEY = "_health"
"""The one key that is written over: the storage's own test."""
_IN_MEMORY = 4 * 1024**2
_BATCH = 500
_THREADS = 4


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """`size` in bytes and `sha256` (hex) of the object itself, not encrypted."""

    key: str
    size: int
    sha256: str

    def line(self) -> str:
        return json.dumps([self.key, self.size, self.sha256], ensure_ascii=False) + "\n"


def object_name(cluster: str, key: str) -> str:
    """Where an object lies at the target; says nothing of workspaces."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{cluster}/objects/{digest[:2]}/{digest}.age"


@dataclass(frozen=True, slots=True)
class CopiedObjects:
    """`new` objects of `new_bytes` were copied."""

    new: int = 0
    new_bytes: int = 0


@dataclass
class ObjectCopier:
    """Copies objects of `storage` to `target` for one cluster. `state` remembers which are there."""

    storage: Storage
    target: Target
    recipient: AgeRecipient
    state: LocalState
    cluster: str
    _present: set[bytes] = field(default_factory=set, init=False)
    """Digests of the keys that are at the target; empty: not read yet."""

    def copy_new(self, *, now: Callable[[], datetime], progress: Callable[[int], None] = lambda n: None) -> CopiedObjects:
        """Copies what is not there yet, in batches; what a batch has copied stays copied after a crash."""
        self._present = self._present or {_digest(entry.key) for entry in self.entries()}
        keys = (key for key in self.storage.list("") if key != HEALTH_KEY and _digest(key) not in self._present)
        new = new_bytes = 0
        while batch := list(itertools.islice(keys, _BATCH)):
            begun_at = now()
            with ThreadPoolExecutor(_THREADS) as pool:
                entries = [entry for entry in pool.map(self._copy, batch) if entry]
            self._write_log(entries, begun_at)
            new, new_bytes = new + len(entries), new_bytes + sum(entry.size for entry in entries)
            progress(new)
        return CopiedObjects(new, new_bytes)

    def write_manifest(self, name: str) -> tuple[WrittenPart, int, int]:
        """What the storage holds now, of what was copied: (the part, objects, their bytes). Forgets what is gone there."""
        listed = {_digest(key) for key in self.storage.list("")}
        entries = {entry.key: entry for entry in self.entries() if _digest(entry.key) in listed}
        compacted = self.state.objects.with_suffix(".part")
        compacted.write_text("".join(entry.line() for entry in entries.values()), "utf-8")
        compacted.replace(self.state.objects)
        self._present = {_digest(key) for key in entries}
        part = put_verified(self.target, name, self.recipient.encrypt(archives.compress(compacted_bytes(entries.values()))))
        return part, len(entries), sum(entry.size for entry in entries.values())

    def entries(self) -> Iterator[ObjectEntry]:
        if self.state.objects.exists():
            with self.state.objects.open(encoding="utf-8") as file:
                yield from parse_lines(file)

    def _copy(self, key: str) -> ObjectEntry | None:
        """None when the object was deleted meanwhile."""
        try:
            chunks = self.storage.open(key)
        except NotFound:
            return None
        start = b""
        for chunk in chunks:
            start += chunk
            if len(start) > _IN_MEMORY:
                break
        name = object_name(self.cluster, key)
        if len(start) <= _IN_MEMORY:
            put_verified(self.target, name, self.recipient.encrypt(start), durable=False)
            return ObjectEntry(key, len(start), hashlib.sha256(start).hexdigest())
        source = HashingReader(itertools.chain([start], chunks))
        with self.target.writing(name, durable=False) as path:
            part = self.recipient.encrypt_stream(cast("BinaryIO", source), path)
        check_written(self.target, name, part)
        return ObjectEntry(key, source.size, source.digest.hexdigest())

    def _write_log(self, entries: list[ObjectEntry], begun_at: datetime) -> None:
        """First at the target, then here: what is noted here is safe there."""
        if not entries:
            return
        name = f"{self.cluster}/object-logs/{begun_at:%Y%m%dT%H%M%S.%fZ}.zst.age"
        put_verified(self.target, name, self.recipient.encrypt(archives.compress(compacted_bytes(entries))))
        with self.state.objects.open("a", encoding="utf-8") as file:
            file.writelines(entry.line() for entry in entries)
        self._present |= {_digest(entry.key) for entry in entries}


def read_manifest(target: Target, name: str, key: SecretKey) -> Iterator[ObjectEntry]:
    """Raises DamagedPart."""
    text = archives.decompress(key.decrypt(b"".join(target.read(name)))).decode("utf-8")
    return parse_lines(text.splitlines())


def parse_lines(lines: Iterable[str]) -> Iterator[ObjectEntry]:
    """A last line that was cut off by a crash counts as not there."""
    for line in lines:
        try:
            yield ObjectEntry(*json.loads(line))
        except ValueError:
            continue


def compacted_bytes(entries: Iterable[ObjectEntry]) -> bytes:
    return "".join(entry.line() for entry in entries).encode()


def put_verified(target: Target, name: str, data: bytes, *, durable: bool = True) -> WrittenPart:
    """Writes, and reads it again. Raises Unavailable when something else was read."""
    with target.writing(name, durable=durable) as path:
        path.write_bytes(data)
    part = WrittenPart(len(data), hashlib.sha256(data).hexdigest())
    check_written(target, name, part)
    return part


def check_written(target: Target, name: str, part: WrittenPart, *, always: bool = False) -> None:
    """An S3 server has compared the bytes with the hash that was sent along; a folder, and with `always` that too, is read
    again."""
    if (always or not target.checks_uploads) and sha256_of(target.read(name)) != part:
        raise Unavailable(
            f"{target.label} does not give back what was written ({name}). Check that disk; nothing else was changed."
        )


class HashingReader(io.RawIOBase):
    """Reads chunks, and keeps size and hash of what was read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._source = stream(chunks)
        self.digest, self.size = hashlib.sha256(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        count = int(cast("io.BufferedReader", self._source).readinto(view))
        self.digest.update(view[:count])
        self.size += count
        return count


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=12).digest()
