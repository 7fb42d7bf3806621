"""What is written at a target is whole or not there, and only the secret key reads it."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from backend.errors import DiskFull, Invalid, NotFound, Unavailable
from backend.settings import Settings
from ops.backup import archives, targets
from ops.backup.encryption import AgeRecipient, DamagedPart, SecretKey, new_key
from ops.backup.targets import FolderTarget, S3Target, ensure_marked, open_target, stream


def write_until_full(target: FolderTarget) -> None:
    with target.writing("1/a") as path:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    with target.writing("1/a") as path:
        path.write_bytes(b"first")
    with pytest.raises(DiskFull, match="last good backup stays valid"):
        write_until_full(target)
    assert b"".join(target.read("1/a")) == b"first"
    assert list(target.list("")) == ["1/a"]


def test_a_target_that_is_gone_is_said_and_never_made_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    target = FolderTarget(folder)
    first_id = ensure_marked(target, new=True)
    assert ensure_marked(target, new=False) == first_id
    (folder / targets.MARKER).unlink()
    with pytest.raises(Unavailable, match="mounted"):
        ensure_marked(target, new=False)
    folder.rmdir()
    with pytest.raises(Unavailable, match="not there"), target.writing("x"):
        pass
    assert not folder.exists()


def test_a_target_inside_the_studios_own_folder_is_refused(tmp_path: Path) -> None:
    settings = Settings.model_validate({"STUDIO_DATA": str(tmp_path), "BACKUP_TARGET": str(tmp_path / "backups")})
    with pytest.raises(Invalid, match="own folder"):
        open_target(settings)
    with pytest.raises(Invalid, match="BACKUP_TARGET"):
        open_target(settings.replace(BACKUP_TARGET=""))


def test_an_s3_bucket_is_a_target_too(storage_urls: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.model_validate({**storage_urls, "BACKUP_TARGET": "s3://backups/of/studio"})
    target = open_target(settings)
    assert isinstance(target, S3Target)
    with target.writing("1/a") as path:
        path.write_bytes(b"first")
    assert list(target.list("1/")) == ["1/a"]
    assert b"".join(target.read("1/a")) == b"first"
    target.delete(["1/a", "1/missing"])
    with pytest.raises(NotFound):
        target.read("1/a")


def test_only_the_secret_key_reads_and_damage_is_noticed(tmp_path: Path) -> None:
    secret, public = new_key()
    data = bytes(range(256)) * 4000
    path = tmp_path / "part"
    part = AgeRecipient(public).encrypt_stream(io.BytesIO(data), path)
    assert part.size == path.stat().st_size
    key = SecretKey(f"# a comment\n{secret}\n")
    assert key.recipient == public
    with key.decrypted(io.BytesIO(path.read_bytes())) as plain:
        assert plain.read() == data
    with (
        pytest.raises(DamagedPart, match="does not open"),
        SecretKey(new_key()[0]).decrypted(io.BytesIO(path.read_bytes())) as plain,
    ):
        plain.read()
    damaged = bytearray(path.read_bytes())
    damaged[-20] ^= 1
    with pytest.raises(DamagedPart), key.decrypted(stream(iter([bytes(damaged)]))) as plain:
        plain.read()
    with pytest.raises(DamagedPart), key.decrypted(stream(iter([bytes(damaged[:-40])]))) as plain:
        plain.read()
    for wrong in (AgeRecipient, SecretKey):
        with pytest.raises(Invalid):
            wrong("no key")


def test_a_folder_comes_out_of_its_archive_as_it_went_in(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep" / "empty").mkdir(parents=True)
    (folder / "deep" / "file").write_bytes(b"x" * 100_000)
    with archives.packed(folder) as packed:
        data = packed.read()
    assert len(data) < 10_000
    archives.unpack(io.BytesIO(data), tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "file").read_bytes() == b"x" * 100_000
    assert (tmp_path / "out" / "deep" / "empty").is_dir()
    with pytest.raises(DamagedPart):
        archives.unpack(io.BytesIO(data[:-30]), tmp_path / "cut")
