"""Object storage: one bucket of any S3, streamed in constant memory. The only module that knows the S3 client."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from backend.errors import DiskFull, NotFound, StudioError, Unavailable
from backend.kit import disk
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings

PART = 8 * 1024 * 1024
CHUNK = 256 * 1024
_UNAVAILABLE = tr_lazy("The file storage does not answer right now. Nothing was lost; try again in a moment.")
_FAILED = tr_lazy("The file storage could not do this. Its log says why, perhaps its disk is full; it is tried again.")
_READY_FOR_S = 3.0
_FULL_CODES = {"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded"}
_MISSING_CODES = {"NoSuchKey", "NoSuchBucket", "NoSuchObject", "NoSuchUpload"}


@dataclass(frozen=True, slots=True)
class Stat:
    """`size` in bytes."""

    size: int
    content_type: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`size` in bytes; `written_at`: by the storage's clock."""

    key: str
    size: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    key: str
    upload_id: str
    begun_at: datetime


class Storage:
    """One bucket, connected when first used. Thread-safe. Everything may raise Unavailable (DiskFull when there is no room
    left); reads raise NotFound."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.storage.bucket
        self._lock = threading.Lock()
        self._has_bucket = False
        self._ready_until = 0.0
        self.server = "S3"
        """The server that answered the last `ready()`, with its version where it gives one: `SeaweedFS 4.48`, `MinIO`."""

    def put_file(self, key: str, path: Path, content_type: str, *, check: Callable[[], None] = lambda: None) -> None:
        """Uploads the file. `check` is called before each part of it; what it raises is passed on and leaves no object."""
        with path.open("rb") as file:
            self._put(key, cast("BinaryIO", _CheckedFile(file, check)), path.stat().st_size, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self._put(key, io.BytesIO(data), len(data), content_type)

    def put_stream(
        self, key: str, chunks: Iterable[bytes], size: int = -1, content_type: str = "application/octet-stream"
    ) -> None:
        """Uploads `chunks`, of `size` bytes (-1: not known yet), with one part of 8 MiB in memory. An error that `chunks`
        raises is passed on and leaves no object."""
        self._put(key, cast("BinaryIO", _Readable(chunks)), size, content_type)

    def get_file(self, key: str, path: Path, *, check: Callable[[], None] = lambda: None) -> None:
        """Downloads to `path`, which is replaced in one step: a download that was cut off never looks complete. `check` is
        called for each chunk; what it raises is passed on."""
        part = path.with_name(f"{path.name}.{new_id('part')}")
        try:
            with part.open("wb") as file:
                for chunk in self.open(key):
                    check()
                    file.write(chunk)
            part.replace(path)
        except OSError as error:
            if not disk.is_full(error):
                raise
            raise DiskFull(disk.FULL, detail=str(error)) from error
        finally:
            part.unlink(missing_ok=True)

    def open(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Chunks of the bytes `start` to `end` (exclusive; None: to the last). Read them all or call `close()`. Raises
        NotFound at once for a missing key."""
        if end is not None and end <= start:
            return iter(())
        with _translated_errors():
            response = self._client.get_object(self._bucket, key, start, 0 if end is None else end - start)
        return _Body(response)

    def read(self, key: str) -> bytes:
        return b"".join(self.open(key))

    def stat(self, key: str) -> Stat:
        with _translated_errors():
            info = self._client.stat_object(self._bucket, key)
        return Stat(int(info.size or 0), info.content_type or "application/octet-stream")

    def delete(self, keys: Iterable[str]) -> None:
        """Deletes the objects; missing keys are no error."""
        with _translated_errors():
            errors = self._ready_client().remove_objects(self._bucket, [DeleteObject(key) for key in keys])
            failed = [error for error in errors if error.code not in _MISSING_CODES]
        if failed:
            raise Unavailable(_UNAVAILABLE, detail=str(failed[0].message))

    def list(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`."""
        with _translated_errors():
            for item in self._ready_client().list_objects(self._bucket, prefix, recursive=True):
                yield str(item.object_name)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """As `list`, with size and time."""
        with _translated_errors():
            for item in self._ready_client().list_objects(self._bucket, prefix, recursive=True):
                if item.last_modified is not None:  # else the prefix of a folder
                    yield StoredObject(str(item.object_name), int(item.size or 0), item.last_modified)

    def unfinished(self) -> Iterator[UnfinishedUpload]:
        """Multipart uploads that were neither completed nor given up: their parts take room, and no list shows them."""
        key_marker = upload_marker = ""
        while True:
            with _translated_errors():
                # the client has no public verb for either of them
                part = self._ready_client()._list_multipart_uploads(
                    self._bucket, key_marker=key_marker or None, upload_id_marker=upload_marker or None
                )
            for upload in part.uploads:
                if upload.upload_id and upload.initiated_time:
                    yield UnfinishedUpload(str(upload.object_name), upload.upload_id, upload.initiated_time)
            if not part.is_truncated:
                return
            key_marker, upload_marker = part.next_key_marker or "", part.next_upload_id_marker or ""

    def give_up(self, upload: UnfinishedUpload) -> None:
        """Removes the parts of an unfinished upload. One that ended meanwhile is no error."""
        with _translated_errors(), suppress(NotFound):
            self._ready_client()._abort_multipart_upload(self._bucket, upload.key, upload.upload_id)

    def presign_get(self, key: str, *, filename: str | None = None, expires: int = 3600) -> str | None:
        """A URL that browsers can open for `expires` seconds, as a download if `filename` is given. None unless
        S3_PUBLIC_ENDPOINT is set."""
        if self._public is None:
            return None
        headers: Any = {"response-content-disposition": disposition(filename)} if filename else None
        return str(self._public.presigned_get_object(self._bucket, key, timedelta(seconds=expires), response_headers=headers))

    def ready(self) -> bool:
        """Whether a small object can be written and read (an open port is not enough). True is remembered for 3 seconds."""
        if time.monotonic() < self._ready_until:
            return True
        try:
            with _translated_errors():
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
        with _translated_errors(self._local_folder):
            self._ready_client().put_object(
                self._bucket, key, source, size, content_type, part_size=PART, num_parallel_uploads=1
            )

    @property
    def _local_folder(self) -> Path | None:
        """Where the storage writes when it runs on this machine; None when it runs elsewhere."""
        is_local = urlsplit(self._settings.storage.endpoint).hostname in ("127.0.0.1", "localhost", "::1")
        return self._settings.data_dir if is_local else None

    @cached_property
    def _client(self) -> Minio:
        return self._make(self._settings.storage.endpoint)

    @cached_property
    def _prober(self) -> Minio:
        return self._make(self._settings.storage.endpoint, tries=0, read_s=4)

    @cached_property
    def _public(self) -> Minio | None:
        return self._make(self._settings.storage.public_endpoint) if self._settings.storage.public_endpoint else None

    def _ready_client(self) -> Minio:
        if not self._has_bucket:
            with self._lock:
                self._ensure_bucket(self._client)
                self._has_bucket = True
        return self._client

    def _ensure_bucket(self, client: Minio) -> None:
        try:
            if not client.bucket_exists(self._bucket):
                client.make_bucket(self._bucket, self._settings.storage.region)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def _make(self, endpoint: str, *, tries: int = 3, read_s: float = 60.0) -> Minio:
        settings, parts = self._settings, urlsplit(endpoint)
        if not parts.netloc:
            raise Unavailable(tr_lazy("No file storage is set. Start the studio with `make run`, or set S3_ENDPOINT."))
        client = Minio(
            parts.netloc,
            settings.storage.access_key.get_secret_value() or None,
            settings.storage.secret_key.get_secret_value() or None,
            secure=parts.scheme == "https",
            region=settings.storage.region,
            http_client=_pool(tries, read_s),
        )
        if settings.storage.force_path_style:
            client.disable_virtual_style_endpoint()
        return client


def _pool(tries: int, read_s: float) -> urllib3.PoolManager:
    retry = urllib3.Retry(total=tries, backoff_factor=0.3, status_forcelist=(500, 502, 503, 504), raise_on_status=False)
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=3.0, read=read_s), maxsize=16, retries=retry)


@contextmanager
def _translated_errors(local_folder: Path | None = None) -> Iterator[None]:
    """Raises the client's errors as ours. `local_folder`: where storage on this machine writes; SeaweedFS answers 500 when
    that disk is full."""
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING_CODES:
            raise NotFound(tr_lazy("This file is no longer there."), detail=str(error)) from error
        status = error.response.status if error.response is not None else 0
        if (
            status == 507
            or error.code in _FULL_CODES
            or (status == 500 and local_folder is not None and disk.full(local_folder))
        ):
            raise DiskFull(disk.FULL, detail=str(error)) from error
        raise Unavailable(_FAILED if status == 500 else _UNAVAILABLE, detail=str(error)) from error
    except (ServerError, InvalidResponseError, MinioException, urllib3.exceptions.HTTPError) as error:
        raise Unavailable(_UNAVAILABLE, detail=str(error)) from error


def disposition(filename: str) -> str:
    """The Content-Disposition header of a download (RFC 6266); any name, also with emoji, quotes or line breaks."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\;%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class _Body:
    """The chunks of a response. Closed when garbage-collected, too: an unread response would keep its connection and block the
    server's shutdown."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._stream = response.stream(CHUNK)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with _translated_errors():
                return bytes(next(self._stream))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()

    def __del__(self) -> None:
        self.close()


class _CheckedFile:
    """A file that is read after a `check`, which may raise."""

    def __init__(self, file: BinaryIO, check: Callable[[], None]) -> None:
        self._file, self._check = file, check

    def read(self, n: int = -1) -> bytes:
        self._check()
        return self._file.read(n)


class _Readable:
    """A readable file over chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, n: int = -1) -> bytes:
        buffer = bytearray(self._rest)
        while n < 0 or len(buffer) < n:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            buffer += chunk
        n = len(buffer) if n < 0 else n
        self._rest = bytes(buffer[n:])
        return bytes(buffer[:n])


def _server_name(header: str) -> str:
    """Name and version from a `Server` header; SeaweedFS puts its volume size limit in between."""
    parts = header.split()
    if parts[:1] == ["SeaweedFS"]:
        return f"SeaweedFS {parts[-1]}"
    return header or "S3"
