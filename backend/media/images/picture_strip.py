"""Removes metadata (place, names, prompts, previews) from a picture without touching a pixel."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_JPEG_KEPT_SEGMENTS = {0xE0, 0xE2, 0xEE}
"""Application segments that are kept: JFIF, colour profile, Adobe's colour transform."""
_PNG_DROPPED_CHUNKS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_WEBP_DROPPED_CHUNKS = {b"EXIF", b"XMP "}


def strip(data: bytes, kind: str) -> bytes:
    """`kind`: JPEG, PNG or WEBP. Data after the picture is removed too: phones append a second picture with its own EXIF.

    Raises ValueError, IndexError or struct.error when the file is not built as it should be.
    """
    return b"".join({"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}[kind](data))


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    offset = 2
    while True:
        while data[offset + 1] == 0xFF:  # fill bytes
            offset += 1
        marker = data[offset + 1]
        if marker == 0xD9:
            yield data[offset : offset + 2]
            return
        end = offset + 2 + struct.unpack_from(">H", data, offset + 2)[0]
        if marker == 0xDA:
            end = _scan_end(data, end)
        is_metadata = 0xE0 <= marker <= 0xEF and (marker not in _JPEG_KEPT_SEGMENTS or data.startswith(b"MPF\0", offset + 4))
        if not is_metadata and marker != 0xFE:
            yield data[offset:end]
        offset = end


def _scan_end(data: bytes, offset: int) -> int:
    """Where the coded pixels end: at the first marker that is neither byte stuffing nor a restart marker."""
    while True:
        offset = data.index(b"\xff", offset)
        following = data[offset + 1]
        if following == 0xFF:
            offset += 1
        elif following == 0x00 or 0xD0 <= following <= 0xD7:
            offset += 2
        else:
            return offset


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    offset, name = 8, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, offset)
        if name not in _PNG_DROPPED_CHUNKS:
            yield data[offset : offset + 12 + size]
        offset += 12 + size


def _webp(data: bytes) -> Iterator[bytes]:
    body, offset = [], 12
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while offset + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, offset)
        chunk = data[offset : offset + 8 + size + (size & 1)]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]  # the flags that promise EXIF and XMP
        if name not in _WEBP_DROPPED_CHUNKS:
            body.append(chunk)
        offset += 8 + size + (size & 1)
    yield b"RIFF" + struct.pack("<I", 4 + sum(map(len, body))) + b"WEBP"
    yield from body
