"""Child side: what a stranger's picture says about how it was made. Sizes are bounded by the decoder and here."""

from __future__ import annotations

import re
from typing import Any

from PIL import Image

from backend.media.images.recipe_text import KEYS, LONGEST

_EXIF, _COMMENT = 0x8769, 0x9286
_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE = re.compile(rb"cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,60})")
_MOST_XMP = 1 << 20


def texts_of(picture: Image.Image) -> dict[str, str]:
    """Of a loaded picture: a PNG's texts, or the EXIF comment of a JPEG or WebP as `parameters`."""
    found = {key: value[:LONGEST] for key in KEYS if isinstance(value := picture.info.get(key), str)}
    if not found and (comment := _comment(picture)):
        found["parameters"] = comment
    return found


def source_type_of(picture: Image.Image) -> str:
    """The IPTC digital source type that its XMP packet names, as the address of the term; empty: none."""
    packets: list[Any] = [picture.info.get("xmp"), picture.info.get("XML:com.adobe.xmp")]
    for one in packets:
        said = one.encode("utf-8", "replace") if isinstance(one, str) else one
        if isinstance(said, bytes) and (found := _SOURCE.search(said[:_MOST_XMP])):
            return _TERMS + found[1].decode()
    return ""


def _comment(picture: Image.Image) -> str:
    try:
        raw = picture.getexif().get_ifd(_EXIF).get(_COMMENT)
    except Exception:  # whatever a broken EXIF block makes the reader raise, the picture itself is fine
        return ""
    if isinstance(raw, str):
        return raw[:LONGEST]
    if not isinstance(raw, bytes):
        return ""
    kind, body = raw[:8], raw[8 : 8 + 2 * LONGEST]
    if kind.startswith(b"UNICODE"):
        return _utf16(body)[:LONGEST]
    return (body if kind.startswith(b"ASCII") else raw).decode("utf-8", "replace").strip("\0")[:LONGEST]


def _utf16(body: bytes) -> str:
    """Programs do not agree on the order of bytes, but all write the line of settings."""
    big, little = body.decode("utf-16-be", "replace"), body.decode("utf-16-le", "replace")
    if ("Steps:" in little) != ("Steps:" in big):
        return little if "Steps:" in little else big
    return little if body[1:2] == b"\0" and body[:1] != b"\0" else big
