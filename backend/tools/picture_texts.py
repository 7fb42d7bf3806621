"""Child side: what a stranger's picture says about how it was made. Sizes are bounded by the decoder and here."""

from __future__ import annotations

from typing import Any

from PIL import Image

from backend.tools.recipe_text import KEYS, LONGEST

_EXIF, _COMMENT = 0x8769, 0x9286
_MADE = b"trainedAlgorithmicMedia"


def texts_of(picture: Image.Image) -> dict[str, str]:
    """Of a loaded picture: a PNG's texts, or the EXIF comment of a JPEG or WebP as `parameters`."""
    found = {key: value[:LONGEST] for key in KEYS if isinstance(value := picture.info.get(key), str)}
    if not found and (comment := _comment(picture)):
        found["parameters"] = comment
    return found


def says_ai_made(picture: Image.Image) -> bool:
    """Whether its XMP packet has the IPTC digital source type of what a model made."""
    packets: list[Any] = [picture.info.get("xmp"), picture.info.get("XML:com.adobe.xmp")]
    return any(_MADE in (one.encode("utf-8", "replace") if isinstance(one, str) else one) for one in packets if one)


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
        little = body[1:2] == b"\0" and body[:1] != b"\0"
        return body.decode("utf-16-le" if little else "utf-16-be", "replace")[:LONGEST]
    return (body if kind.startswith(b"ASCII") else raw).decode("utf-8", "replace").strip("\0")[:LONGEST]
