"""What a delivered picture says about itself: that a model made it, and nothing else.

A PNG is rewritten chunk by chunk: pixels and colour stay byte for byte, what an engine wrote beside them (prompts, graphs,
seeds) goes, and an XMP packet with the IPTC digital source type comes (IPTC Photo Metadata 2023, PNG 3rd edition 11.3.3.2).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from backend.errors import Rejected
from backend.media.images.picture_packets import XMP, written

SOURCE_META = "sourceType"
"""In the meta of an asset: kept with the file, so that what is made from it later inherits it."""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""Somebody's picture, changed by a model: painted over in part, or drawn from."""
AI_MADE = (SOURCE_TYPE, EDITED, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic")
"""Of the types that others write, those a model had a part in."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"pHYs"}
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="SOURCE_TYPE"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def deliver_png(source: Path, target: Path, *, mark: bool = True, source_type: str = SOURCE_TYPE) -> None:
    """Copies without foreign metadata, with the AI mark unless `mark` is False. Raises Rejected when it is no whole PNG."""
    data = source.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise Rejected(f"The engine gave a file that is no PNG ({source.name}). Try again, or choose another engine.")
    with target.open("wb") as file:
        file.write(_SIGNATURE)
        for name, chunk in _chunks(data, source.name):
            if name in _KEPT:
                file.write(chunk)
            if name == b"IHDR" and mark:
                file.write(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(source_type)))


def mark(source: Path, target: Path, content_type: str, *, width: int, height: int, source_type: str = SOURCE_TYPE) -> None:
    """A checked picture of another program with the AI mark: PNG, JPEG or WebP, every other byte as it was."""
    if content_type == "image/png":
        deliver_png(source, target, source_type=source_type)
    else:
        data = source.read_bytes()
        target.write_bytes(written(data, content_type, XMP, xmp(source_type), width=width, height=height))


def xmp(source_type: str) -> bytes:
    """The packet that says it, the same for every kind of file."""
    return _XMP.replace("SOURCE_TYPE", source_type).encode()


def _chunks(data: bytes, filename: str) -> Iterator[tuple[bytes, bytes]]:
    at, name = len(_SIGNATURE), b""
    while name != b"IEND":
        if at + 12 > len(data):
            raise Rejected(f"The engine gave a picture that is cut off ({filename}). Try again.")
        size, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at : at + 12 + size]
        at += 12 + size


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
