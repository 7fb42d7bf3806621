"""Metadata of picture files, changed without touching a pixel: place, names, prompts and previews are removed; EXIF and XMP
packets, PNG texts and, on request, the generation parameters are added (as A1111 writes them)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

_JPEG_KEPT_SEGMENTS = {0xE0, 0xE2, 0xEE}
"""Application segments that are kept: JFIF, colour profile, Adobe's colour transform."""
_PNG_DROPPED_CHUNKS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_WEBP_DROPPED_CHUNKS = {b"EXIF", b"XMP "}
EXIF, XMP = b"EXIF", b"XMP "
_SEGMENT_HEADERS = {EXIF: b"Exif\0\0", XMP: b"http://ns.adobe.com/xap/1.0/\0"}
_VP8X_FLAGS = {EXIF: 0x08, XMP: 0x04}
"""Bits of a WebP's VP8X header that say which chunks exist."""
MAX_SEGMENT_BYTES = 65_533
"""Bytes one JPEG segment holds."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CONTENT_TYPES = ("image/png", "image/jpeg", "image/webp")
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7


def strip(data: bytes, kind: str) -> bytes:
    """`kind`: JPEG, PNG or WEBP. Data after the picture is removed too: phones append a second picture with its own EXIF.

    Raises ValueError, IndexError or struct.error when the file is not built as it should be.
    """
    return b"".join({"JPEG": _stripped_jpeg, "PNG": _stripped_png, "WEBP": _stripped_webp}[kind](data))


def _stripped_jpeg(data: bytes) -> Iterator[bytes]:
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


def _stripped_png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    offset, name = 8, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, offset)
        if name not in _PNG_DROPPED_CHUNKS:
            yield data[offset : offset + 12 + size]
        offset += 12 + size


def _stripped_webp(data: bytes) -> Iterator[bytes]:
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


def with_packet(data: bytes, content_type: str, kind: bytes, body: bytes, *, width: int, height: int) -> bytes:
    """`data` with a packet of `kind` (EXIF or XMP); it must not have one yet. Raises ValueError: too long for a JPEG."""
    return (
        _jpeg_with_packet(data, kind, body)
        if content_type == "image/jpeg"
        else _webp_with_packet(data, kind, body, width, height)
    )


def _jpeg_with_packet(data: bytes, kind: bytes, body: bytes) -> bytes:
    body = _SEGMENT_HEADERS[kind] + body
    if len(body) > MAX_SEGMENT_BYTES:
        raise ValueError("too long for a JPEG")
    offset = 2
    # JFIF's own segment stays first, EXIF comes before XMP.
    while data[offset : offset + 2] == b"\xff\xe0" or (kind == XMP and data.startswith(b"\xff\xe1", offset)):
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    return data[:offset] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[offset:]


def _webp_with_packet(data: bytes, kind: bytes, body: bytes, width: int, height: int) -> bytes:
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


def with_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """The same picture with these texts right after its header. Raises ValueError when `data` is no PNG."""
    if not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise ValueError("not a PNG")
    header_end = len(_SIGNATURE) + 12 + 13
    return data[:header_end] + b"".join(_text_chunk(key, text) for key, text in texts.items()) + data[header_end:]


def _text_chunk(key: str, text: str) -> bytes:
    try:
        name, body = b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        name, body = b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_recipe(data: bytes, content_type: str, texts: Mapping[str, str], *, width: int, height: int) -> bytes:
    """`texts`: `parameters` as A1111 writes them, and further keys, which only a PNG can hold.

    Raises ValueError for another kind of file, or a recipe too long for a JPEG (64 KB).
    """
    if content_type not in CONTENT_TYPES:
        raise ValueError("no place for a recipe")
    if content_type == "image/png":
        return with_texts(data, texts)
    return with_packet(data, content_type, EXIF, _user_comment(texts["parameters"]), width=width, height=height)


def _user_comment(text: str) -> bytes:
    """An EXIF block with nothing but a user comment (EXIF 2.32, 4.6.5: character code, then the text), big-endian."""
    body = b"UNICODE\0" + text.encode("utf-16-be")
    ifd0 = struct.pack(">HHHIII", 1, _EXIF_IFD, _LONG, 1, 26, 0)
    exif_ifd = struct.pack(">HHHIII", 1, _USER_COMMENT, _UNDEFINED, len(body), 44, 0)
    return b"MM\0*" + struct.pack(">I", 8) + ifd0 + exif_ifd + body
