"""What is written beside the pixels of a JPEG or WebP, whose every other byte stays as it was."""

from __future__ import annotations

import struct

EXIF, XMP = b"EXIF", b"XMP "
_SEGMENT = {EXIF: b"Exif\0\0", XMP: b"http://ns.adobe.com/xap/1.0/\0"}
_FLAG = {EXIF: 0x08, XMP: 0x04}
"""Of a WebP's VP8X header: which chunks are there."""
MOST = 65_533
"""Bytes one JPEG segment holds."""


def written(data: bytes, content_type: str, kind: bytes, body: bytes, *, width: int, height: int) -> bytes:
    """With a packet of `kind` (EXIF or XMP), of which there is none yet. Raises ValueError: too long for a JPEG."""
    return _jpeg(data, kind, body) if content_type == "image/jpeg" else _webp(data, kind, body, width, height)


def _jpeg(data: bytes, kind: bytes, body: bytes) -> bytes:
    body = _SEGMENT[kind] + body
    if len(body) > MOST:
        raise ValueError("too long for a JPEG")
    at = 2
    # JFIF's own segment stays first, EXIF comes before XMP.
    while data[at : at + 2] == b"\xff\xe0" or (kind == XMP and data.startswith(b"\xff\xe1", at)):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]


def _webp(data: bytes, kind: bytes, body: bytes, width: int, height: int) -> bytes:
    """Only an extended file may hold packets: a simple one gets the header that makes it one. EXIF comes before XMP."""
    if data[12:16] == b"VP8X":
        chunks = data[12:20] + bytes([data[20] | _FLAG[kind]]) + data[21:]
    else:
        size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = _padded(b"VP8X", bytes([_FLAG[kind], 0, 0, 0]) + size) + data[12:]
    at = _before_xmp(chunks) if kind == EXIF else len(chunks)
    chunks = chunks[:at] + _padded(kind, body) + chunks[at:]
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _before_xmp(chunks: bytes) -> int:
    at = 0
    while at + 8 <= len(chunks) and chunks[at : at + 4] != XMP:
        size = int.from_bytes(chunks[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)
    return min(at, len(chunks))


def _padded(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)
