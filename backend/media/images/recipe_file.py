"""Writes generation parameters into a picture on request: as PNG texts, in JPEG and WebP as EXIF comment, as A1111 does."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from backend.media.images.picture_packets import EXIF, with_packet
from backend.media.images.png_text import with_texts

CONTENT_TYPES = ("image/png", "image/jpeg", "image/webp")
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7


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
