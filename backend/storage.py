"""Bytes in any S3: streamed with flat memory, every outage said as a sentence. The only module that knows the S3 client."""

from __future__ import annotations

import errno
import io
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from backend.errors import NotFound, StudioError, Unavailable
from backend.kit.ids import new_id
from backend.settings import Settings

PART = 8 * 1024 * 1024
CHUNK = 256 * 1024
_AWAY = "The file storage does not answer right now. Nothing was lost; try again in a moment."
_FULL = "The file storage could not take this file, most likely because its disk is full. Free some space, then try again."
_DISK = "The disk of this machine is full. Free some space, then try again."
_READY_FOR_S = 3.0
_GONE = {"NoSuchKey", "NoSuchBucket", "NoSuchObject"}


@dataclass(frozen=True, slots=True)
class Stat:
    """`size` in bytes."""

    size: int
    content_type: str


class Storage:
    """One bucket. Connects when first used, from any thread. Everything may raise Unavailable; reads raise NotFound."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._guard = threading.Lock()
        self._has_bucket = False
        self._ready_until = 0.0
        self.server = "S3"
        """What answered the last `ready()`, with its version where it tells: `SeaweedFS 4.48`, `MinIO`."""

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        with path.open("rb") as file:
            self._put(key, file, path.stat().st_size, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self._put(key, io.BytesIO(data), len(data), content_type)

    def put_stream(
        self, key: str, chunks: Iterable[bytes], size: int = -1, content_type: str = "application/octet-stream"
    ) -> None:
        """`size` -1: not known before. Holds one part of 8 MiB; what `chunks` raises comes out and leaves no object."""
        self._put(key, cast("BinaryIO", _Readable(chunks)), size, content_type)

    def get_file(self, key: str, path: Path) -> None:
        """Replaces `path` in one step, so that a half-fetched file is never taken for a whole one."""
        part = path.with_name(f"{path.name}.{new_id('part')}")
        try:
            with part.open("wb") as file:
                for chunk in self.open(key):
                    file.write(chunk)
            part.replace(path)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise Unavailable(_DISK, detail=str(error)) from error
        finally:
            part.unlink(missing_ok=True)

    def open(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to and without `end`; a key that is not there raises at once. Read it whole or close it."""
        if end is not None and end <= start:
            return iter(())
        with _said():
            response = self._client.get_object(self._bucket, key, start, 0 if end is None else end - start)
        return _Body(response)

    def read(self, key: str) -> bytes:
        return b"".join(self.open(key))

    def stat(self, key: str) -> Stat:
        with _said():
            found = self._client.stat_object(self._bucket, key)
        return Stat(int(found.size or 0), found.content_type or "application/octet-stream")

    def delete(self, keys: Iterable[str]) -> None:
        """Keys that are not there are no error."""
        with _said():
            errors = self._ready_client().remove_objects(self._bucket, [DeleteObject(key) for key in keys])
            failed = [error for error in errors if error.code not in _GONE]
        if failed:
            raise Unavailable(_AWAY, detail=str(failed[0].message))

    def list(self, prefix: str) -> Iterator[str]:
        with _said():
            for found in self._ready_client().list_objects(self._bucket, prefix, recursive=True):
                yield str(found.object_name)

    def presign_get(self, key: str, *, filename: str | None = None, expires: int = 3600) -> str | None:
        """An address that browsers can open for `expires` seconds; None unless S3_PUBLIC_ENDPOINT is set."""
        if self._public is None:
            return None
        said: Any = {"response-content-disposition": disposition(filename)} if filename else None
        return str(self._public.presigned_get_object(self._bucket, key, timedelta(seconds=expires), response_headers=said))

    def ready(self) -> bool:
        """Whether a small object can be written and read (a port that answers is not enough). A yes is good for 3 s."""
        if time.monotonic() < self._ready_until:
            return True
        try:
            with _said():
                self._ensure_bucket(self._prober)
                self._prober.put_object(self._bucket, "_health", io.BytesIO(b"ok"), 2)
                answer = self._prober.get_object(self._bucket, "_health")
                self.server = _server_name(answer.headers.get("Server", ""))
                ok = b"".join(_Body(answer)) == b"ok"
        except StudioError:
            return False
        if ok:
            self._ready_until = time.monotonic() + _READY_FOR_S
        return ok

    def _put(self, key: str, source: BinaryIO, size: int, content_type: str) -> None:
        with _said():
            self._ready_client().put_object(
                self._bucket, key, source, size, content_type, part_size=PART, num_parallel_uploads=1
            )

    @cached_property
    def _client(self) -> Minio:
        return self._make(self._settings.s3_endpoint)

    @cached_property
    def _prober(self) -> Minio:
        return self._make(self._settings.s3_endpoint, tries=0, read_s=4)

    @cached_property
    def _public(self) -> Minio | None:
        return self._make(self._settings.s3_public_endpoint) if self._settings.s3_public_endpoint else None

    def _ready_client(self) -> Minio:
        if not self._has_bucket:
            with self._guard:
                self._ensure_bucket(self._client)
                self._has_bucket = True
        return self._client

    def _ensure_bucket(self, client: Minio) -> None:
        try:
            if not client.bucket_exists(self._bucket):
                client.make_bucket(self._bucket, self._settings.s3_region)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def _make(self, endpoint: str, *, tries: int = 3, read_s: float = 60.0) -> Minio:
        settings, parts = self._settings, urlsplit(endpoint)
        if not parts.netloc:
            raise Unavailable("No file storage is set. Start the studio with `make run`, or set S3_ENDPOINT.")
        client = Minio(
            parts.netloc,
            settings.s3_key.get_secret_value() or None,
            settings.s3_secret.get_secret_value() or None,
            secure=parts.scheme == "https",
            region=settings.s3_region,
            http_client=_pool(tries, read_s),
        )
        if settings.s3_force_path_style:
            client.disable_virtual_style_endpoint()
        return client


def _pool(tries: int, read_s: float) -> urllib3.PoolManager:
    again = urllib3.Retry(total=tries, backoff_factor=0.3, status_forcelist=(500, 502, 503, 504), raise_on_status=False)
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=3.0, read=read_s), maxsize=16, retries=again)


@contextmanager
def _said() -> Iterator[None]:
    """The client's many errors as ours."""
    try:
        yield
    except S3Error as error:
        if error.code in _GONE:
            raise NotFound("This file is no longer there.", detail=str(error)) from error
        full = error.response is not None and error.response.status in (500, 507) and error.code != "SlowDown"
        raise Unavailable(_FULL if full else _AWAY, detail=str(error)) from error
    except (ServerError, InvalidResponseError, MinioException, urllib3.exceptions.HTTPError) as error:
        raise Unavailable(_AWAY, detail=str(error)) from error


def disposition(filename: str) -> str:
    """The Content-Disposition of a download: any name, also one with emoji, quotes or line breaks."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\;%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class _Body:
    """An answer's bytes. One left unread would keep its connection, and hang the server's stop: the end closes it."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._stream = response.stream(CHUNK)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with _said():
                return bytes(next(self._stream))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()

    def __del__(self) -> None:
        self.close()


class _Readable:
    """A file to read from, made of chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, n: int = -1) -> bytes:
        held = bytearray(self._rest)
        while n < 0 or len(held) < n:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            held += chunk
        n = len(held) if n < 0 else n
        self._rest = bytes(held[n:])
        return bytes(held[:n])


def _server_name(header: str) -> str:
    """Name and version of a `Server` header; SeaweedFS says its volume size limit in between."""
    words = header.split()
    if words[:1] == ["SeaweedFS"]:
        return f"SeaweedFS {words[-1]}"
    return header or "S3"
