"""Adds EXIF and XMP packets to JPEG and WebP files; every other byte stays as it was."""

from __future__ import annotations

import struct

EXIF, XMP = b"EXIF", b"XMP "
_SEGMENT_HEADERS = {EXIF: b"Exif\0\0", XMP: b"http://ns.adobe.com/xap/1.0/\0"}
_VP8X_FLAGS = {EXIF: 0x08, XMP: 0x04}
"""Bits of a WebP's VP8X header that say which chunks exist."""
MAX_SEGMENT_BYTES = 65_533
"""Bytes one JPEG segment holds."""


def with_packet(data: bytes, content_type: str, kind: bytes, body: bytes, *, width: int, height: int) -> bytes:
    """`data` with a packet of `kind` (EXIF or XMP); it must not have one yet. Raises ValueError: too long for a JPEG."""
    return _jpeg(data, kind, body) if content_type == "image/jpeg" else _webp(data, kind, body, width, height)


def _jpeg(data: bytes, kind: bytes, body: bytes) -> bytes:
    body = _SEGMENT_HEADERS[kind] + body
    if len(body) > MAX_SEGMENT_BYTES:
        raise ValueError("too long for a JPEG")
    offset = 2
    # JFIF's own segment stays first, EXIF comes before XMP.
    while data[offset : offset + 2] == b"\xff\xe0" or (kind == XMP and data.startswith(b"\xff\xe1", offset)):
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    return data[:offset] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[offset:]


def _webp(data: bytes, kind: bytes, body: bytes, width: int, height: int) -> bytes:
    """Only the extended format may hold packets, so a simple file gets a VP8X header. EXIF comes before XMP."""
    if data[12:16] == b"VP8X":
        chunks = data[12:20] + bytes([data[20] | _VP8X_FLAGS[kind]]) + data[21:]
    else:
        size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = _riff_chunk(b"VP8X", bytes([_VP8X_FLAGS[kind], 0, 0, 0]) + size) + data[12:]
    offset = _before_xmp(chunks) if kind == EXIF else len(chunks)
    chunks = chunks[:offset] + _riff_chunk(kind, body) + chunks[offset:]
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _before_xmp(chunks: bytes) -> int:
    offset = 0
    while offset + 8 <= len(chunks) and chunks[offset : offset + 4] != XMP:
        size = int.from_bytes(chunks[offset + 4 : offset + 8], "little")
        offset += 8 + size + (size & 1)
    return min(offset, len(chunks))


def _riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)
