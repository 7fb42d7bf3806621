"""Encryption with age (docs/operate.md): everybody may write with the public key, only the secret key's keeper can read."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage import x25519

from backend.errors import Invalid, Unavailable


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """`size` in bytes and `sha256` (hex) of the encrypted bytes."""

    size: int
    sha256: str


class DamagedPart(Unavailable):
    """What was read cannot be decrypted, or is not what was written."""


class AgeRecipient:
    """For whom is encrypted. Raises Invalid for a text that is no age recipient."""

    def __init__(self, public_key: str) -> None:
        try:
            self._key = x25519.Recipient.from_str(public_key.strip())
        except pyrage.RecipientError as error:
            raise Invalid(f"BACKUP_RECIPIENT is no age key (age1…): {error}") from error

    def encrypt(self, data: bytes) -> bytes:
        return bytes(pyrage.encrypt(data, [self._key]))

    def encrypt_stream(self, source: BinaryIO, path: Path) -> WrittenPart:
        """Encrypts what `source` gives into `path`, in constant memory."""
        with path.open("wb") as file:
            counted = _CountingWriter(file)
            pyrage.encrypt_io(source, counted, [self._key])
        return counted.part


class SecretKey:
    """Reads what was encrypted for its recipient. Raises Invalid for a text that is no age secret key."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        try:
            self._key = x25519.Identity.from_str(lines[0] if lines else "")
        except pyrage.IdentityError as error:
            raise Invalid(f"This is no backup key (AGE-SECRET-KEY-1…): {error}") from error

    @property
    def recipient(self) -> str:
        return str(self._key.to_public())

    def decrypt(self, data: bytes) -> bytes:
        """Raises DamagedPart."""
        try:
            return bytes(pyrage.decrypt(data, [self._key]))
        except pyrage.DecryptError as error:
            raise _damaged(error) from error

    @contextmanager
    def decrypted(self, source: BinaryIO) -> Iterator[BinaryIO]:
        """The decrypted stream. Raises DamagedPart at its end when it could not be read to its end."""
        read_end, write_end = os.pipe()
        errors: list[BaseException] = []

        def decrypt() -> None:
            with os.fdopen(write_end, "wb") as sink:
                try:
                    pyrage.decrypt_io(source, sink, [self._key])
                except BrokenPipeError:
                    return  # who reads has read enough, or failed itself
                except BaseException as error:
                    errors.append(error)

        thread = threading.Thread(target=decrypt, name="decrypt")
        thread.start()
        failure: BaseException | None = None
        try:
            with os.fdopen(read_end, "rb") as stream:
                yield stream
        except BaseException as error:
            failure = error
        thread.join()
        if errors and getattr(errors[0], "errno", None) is None:  # age's own are OSErrors without a number
            raise _damaged(errors[0]) from errors[0]
        if failure is not None:
            raise failure
        if errors:
            raise errors[0]


def new_key() -> tuple[str, str]:
    """(secret key, public key)."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def key_text(secret: str, public: str) -> str:
    """The file that an operator keeps."""
    return (
        "# InfluencerAI Studio: the key of your backups.\n"
        "# Keep it on another machine or in a password manager. Without it no backup can be opened, and whoever has it\n"
        f"# and the backups can read everything.\n# public key: {public}\n{secret}\n"
    )


def sha256_of(chunks: Iterator[bytes]) -> WrittenPart:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return WrittenPart(size, digest.hexdigest())


def _damaged(error: BaseException) -> DamagedPart:
    if "No matching keys" in str(error):
        return DamagedPart("This key does not open the backup. Give the key file that was made with it (KEY=…).")
    return DamagedPart(f"It is damaged: {error}")


class _CountingWriter:
    """Writes through and keeps size and hash."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self._size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self._size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    @property
    def part(self) -> WrittenPart:
        return WrittenPart(self._size, self._digest.hexdigest())
