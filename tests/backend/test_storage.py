"""The storage against a real S3 server, and against one that is away."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path, PosixPath
from typing import IO, Any

import pytest

from backend.errors import NotFound, Unavailable
from backend.settings import Settings
from backend.storage import Storage, disposition


class FullDisk(PosixPath):
    """Whatever is written here meets a full disk."""

    def open(self, *args: Any, **kwargs: Any) -> IO[Any]:
        return open("/dev/full", *args, **kwargs)  # noqa: PTH123


@pytest.fixture
def storage(storage_urls: dict[str, str]) -> Storage:
    return Storage(Settings.model_validate(storage_urls))


def test_bytes_come_back_as_they_were(storage: Storage, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "in").write_bytes(data)
    storage.put_file("a/file.bin", tmp_path / "in", "application/x-test")
    storage.get_file("a/file.bin", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == data
    assert b"".join(storage.open("a/file.bin", 1000, 2000)) == data[1000:2000]
    assert b"".join(storage.open("a/file.bin", 299_000)) == data[299_000:]
    assert list(storage.open("a/file.bin", 5, 5)) == []
    stat = storage.stat("a/file.bin")
    assert (stat.size, stat.content_type) == (300_000, "application/x-test")
    assert list(storage.list("a/")) == ["a/file.bin"]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_a_stream_of_unknown_length_is_held_in_parts(storage: Storage) -> None:
    expected, size = hashlib.sha256(), 60 * 2**20

    def chunks() -> Iterator[bytes]:
        piece = os.urandom(65_536)
        for _ in range(size // len(piece)):
            expected.update(piece)
            yield piece

    tracemalloc.start()
    try:
        storage.put_stream("b/stream", chunks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 48 * 2**20
    got = hashlib.sha256()
    for chunk in storage.open("b/stream"):
        got.update(chunk)
    assert got.digest() == expected.digest()


def test_a_stream_that_breaks_leaves_no_object(storage: Storage) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * (20 * 2**20)
        raise ConnectionError("the browser was closed")

    with pytest.raises(ConnectionError):
        storage.put_stream("c/broken", chunks())
    with pytest.raises(NotFound):
        storage.stat("c/broken")


def test_what_is_not_there(storage: Storage, tmp_path: Path) -> None:
    for read in (lambda: storage.open("no/such"), lambda: storage.get_file("no/such", tmp_path / "x")):
        with pytest.raises(NotFound):
            read()
    assert not list(tmp_path.iterdir())
    storage.delete(["no/such", "nor/this"])


def test_delete_takes_several(storage: Storage) -> None:
    keys = [f"d/{n}" for n in range(5)]
    for key in keys:
        storage.put_bytes(key, b"1", "text/plain")
    storage.delete(keys[:4])
    assert list(storage.list("d/")) == ["d/4"]


def test_an_answer_read_half_gives_its_connection_back(storage: Storage) -> None:
    storage.put_bytes("e/big", b"x" * 2**20, "text/plain")
    for _ in range(100):
        body = storage.open("e/big")
        next(body)
        del body
    assert storage.ready()


def test_away_is_a_sentence(tmp_path: Path) -> None:
    away = Storage(Settings.read(env_file=None, S3_ENDPOINT="http://127.0.0.1:9", S3_KEY="k", S3_SECRET="s"))
    assert away.ready() is False
    with pytest.raises(Unavailable, match="try again"):
        away.put_bytes("x", b"1", "text/plain")
    with pytest.raises(Unavailable, match="try again"):
        away.open("x")
    with pytest.raises(Unavailable, match="S3_ENDPOINT"):
        Storage(Settings.read(env_file=None, S3_ENDPOINT="")).put_bytes("x", b"1", "text/plain")


def test_a_full_disk_is_a_sentence(storage: Storage) -> None:
    storage.put_bytes("f/x", b"x" * 1000, "text/plain")
    with pytest.raises(Unavailable, match="The disk is full"):
        storage.get_file("f/x", FullDisk("/tmp/never-written"))


def test_presigned_only_for_a_public_endpoint(storage_urls: dict[str, str]) -> None:
    settings = Settings.model_validate(storage_urls)
    assert Storage(settings).presign_get("k") is None
    public = Storage(settings.replace(S3_PUBLIC_ENDPOINT="https://media.example.org"))
    url = public.presign_get("images/x.png", filename='Käse "1".png')
    assert url
    assert url.startswith("https://media.example.org/assets/images/x.png?")
    assert "X-Amz-Signature=" in url


@pytest.mark.parametrize("name", ["a.png", 'q"uote\\.png', "🎉 party.png", "line\r\nbreak.png", "ü" * 300])
def test_download_names_stay_inside_their_header(name: str) -> None:
    said = disposition(name)
    assert said.isascii()
    assert said.isprintable()
    assert said.count('"') == 2


def test_it_knows_what_answers(storage: Storage) -> None:
    assert storage.ready()
    assert storage.server.startswith("SeaweedFS 4.")
