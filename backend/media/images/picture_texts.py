"""Child side: reads texts and the source type from an uploaded picture. Sizes are limited by the decoder and here."""

from __future__ import annotations

import re
from typing import Any

from PIL import Image

from backend.media.images.recipe_text import MAX_TEXT_CHARS, TEXT_KEYS

_EXIF, _COMMENT = 0x8769, 0x9286
_TERM_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPE = re.compile(rb"cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,60})")
_MAX_XMP_BYTES = 1 << 20


def recipe_texts(picture: Image.Image) -> dict[str, str]:
    """The texts with TEXT_KEYS of a loaded PNG, or the EXIF comment of a JPEG or WebP as `parameters`."""
    texts = {key: value[:MAX_TEXT_CHARS] for key in TEXT_KEYS if isinstance(value := picture.info.get(key), str)}
    if not texts and (comment := _exif_comment(picture)):
        texts["parameters"] = comment
    return texts


def read_source_type(picture: Image.Image) -> str:
    """The IPTC digital source type in its XMP packet, as the URI of the term; "": none."""
    packets: list[Any] = [picture.info.get("xmp"), picture.info.get("XML:com.adobe.xmp")]
    for packet in packets:
        data = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
        if isinstance(data, bytes) and (match := _SOURCE_TYPE.search(data[:_MAX_XMP_BYTES])):
            return _TERM_PREFIX + match[1].decode()
    return ""


def _exif_comment(picture: Image.Image) -> str:
    try:
        comment = picture.getexif().get_ifd(_EXIF).get(_COMMENT)
    except Exception:  # a broken EXIF block can raise anything, and the picture itself is fine
        return ""
    if isinstance(comment, str):
        return comment[:MAX_TEXT_CHARS]
    if not isinstance(comment, bytes):
        return ""
    encoding, body = comment[:8], comment[8 : 8 + 2 * MAX_TEXT_CHARS]
    if encoding.startswith(b"UNICODE"):
        return _decode_utf16(body)[:MAX_TEXT_CHARS]
    return (body if encoding.startswith(b"ASCII") else comment).decode("utf-8", "replace").strip("\0")[:MAX_TEXT_CHARS]


def _decode_utf16(body: bytes) -> str:
    """Programs use different byte orders, but all write a settings line, so the order that shows “Steps:” is right."""
    big, little = body.decode("utf-16-be", "replace"), body.decode("utf-16-le", "replace")
    if ("Steps:" in little) != ("Steps:" in big):
        return little if "Steps:" in little else big
    return little if body[1:2] == b"\0" and body[:1] != b"\0" else big
