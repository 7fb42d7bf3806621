"""A picture with its recipe inside, for who asks for it: PNG texts; in JPEG and WebP the EXIF comment, as A1111 does."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from backend.media.images.picture_packets import EXIF, written
from backend.media.images.png_text import with_texts

TAKES = ("image/png", "image/jpeg", "image/webp")
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7


def with_recipe(data: bytes, content_type: str, texts: Mapping[str, str], *, width: int, height: int) -> bytes:
    """`texts`: `parameters` as A1111 writes them, and others, which a PNG alone can hold.

    Raises ValueError for another kind of file, or a recipe too long for a JPEG (64 KB).
    """
    if content_type not in TAKES:
        raise ValueError("no place for a recipe")
    if content_type == "image/png":
        return with_texts(data, texts)
    return written(data, content_type, EXIF, _comment(texts["parameters"]), width=width, height=height)


def _comment(text: str) -> bytes:
    """An EXIF block with nothing but a user comment (EXIF 2.32, 4.6.5: character code, then the text), big-endian."""
    body = b"UNICODE\0" + text.encode("utf-16-be")
    first = struct.pack(">HHHIII", 1, _EXIF_IFD, _LONG, 1, 26, 0)
    second = struct.pack(">HHHIII", 1, _USER_COMMENT, _UNDEFINED, len(body), 44, 0)
    return b"MM\0*" + struct.pack(">I", 8) + first + second + body
