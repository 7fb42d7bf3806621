"""The same picture, byte for byte, without what a camera or a program wrote beside it: place, names, prompts, previews."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_JPEG_KEPT = {0xE0, 0xE2, 0xEE}
"""Of the application segments: JFIF, colour profile, Adobe's colour transform."""
_PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_WEBP_DROPPED = {b"EXIF", b"XMP "}


def strip(data: bytes, kind: str) -> bytes:
    """`kind`: JPEG, PNG or WEBP. What follows the picture goes too: phones put a second one there, with EXIF of its own.

    Raises ValueError, IndexError or struct.error when the file is not built as it should be.
    """
    return b"".join({"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}[kind](data))


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:
            yield data[at : at + 2]
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == 0xDA:
            end = _scan_end(data, end)
        told = 0xE0 <= marker <= 0xEF and (marker not in _JPEG_KEPT or data.startswith(b"MPF\0", at + 4))
        if not told and marker != 0xFE:
            yield data[at:end]
        at = end


def _scan_end(data: bytes, at: int) -> int:
    """Where coded pixels stop: at the first marker that is neither stuffing nor a restart."""
    while True:
        at = data.index(b"\xff", at)
        following = data[at + 1]
        if following == 0xFF:
            at += 1
        elif following == 0x00 or 0xD0 <= following <= 0xD7:
            at += 2
        else:
            return at


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    at, name = 8, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, at)
        if name not in _PNG_DROPPED:
            yield data[at : at + 12 + size]
        at += 12 + size


def _webp(data: bytes) -> Iterator[bytes]:
    body, at = [], 12
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, at)
        chunk = data[at : at + 8 + size + (size & 1)]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]  # the flags that promise EXIF and XMP
        if name not in _WEBP_DROPPED:
            body.append(chunk)
        at += 8 + size + (size & 1)
    yield b"RIFF" + struct.pack("<I", 4 + sum(map(len, body))) + b"WEBP"
    yield from body
