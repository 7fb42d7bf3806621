"""Marks delivered pictures as AI-made and removes all other metadata.

A PNG is rewritten chunk by chunk: pixels and colour stay byte for byte, what an engine wrote beside them (prompts, graphs,
seeds) is dropped, and an XMP packet with the IPTC digital source type is added (IPTC Photo Metadata 2023, PNG 3rd edition
11.3.3.2).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.images.picture_metadata import XMP, with_packet

SOURCE_META = "sourceType"
"""Key in an asset's meta: stored with the file, so that pictures made from it inherit it."""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""A user's picture changed by a model: edited in part, or used as a start image."""
AI_SOURCE_TYPES = (SOURCE_TYPE, EDITED_SOURCE_TYPE, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic")
"""The source types, also those that other programs write, which mean that a model was involved."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"pHYs"}
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="SOURCE_TYPE"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def deliver_png(source: Path, target: Path, *, mark: bool = True, source_type: str = SOURCE_TYPE) -> None:
    """Copies a PNG without its metadata, with the AI mark unless `mark` is False. Raises Rejected when it is no whole PNG."""
    data = source.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise Rejected(
            tr_lazy("The engine gave a file that is no PNG ({name}). Try again, or choose another engine.", name=source.name)
        )
    with target.open("wb") as file:
        file.write(_SIGNATURE)
        for name, chunk in _chunks(data, source.name):
            if name in _KEPT_CHUNKS:
                file.write(chunk)
            if name == b"IHDR" and mark:
                file.write(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(source_type)))


def add_mark(source: Path, target: Path, content_type: str, *, width: int, height: int, source_type: str = SOURCE_TYPE) -> None:
    """Copies an inspected picture with the AI mark added: PNG (metadata removed), or JPEG or WebP (otherwise unchanged)."""
    if content_type == "image/png":
        deliver_png(source, target, source_type=source_type)
    else:
        data = source.read_bytes()
        target.write_bytes(with_packet(data, content_type, XMP, xmp(source_type), width=width, height=height))


def xmp(source_type: str) -> bytes:
    """The XMP packet with the source type, the same for every file format."""
    return _XMP.replace("SOURCE_TYPE", source_type).encode()


def _chunks(data: bytes, filename: str) -> Iterator[tuple[bytes, bytes]]:
    offset, name = len(_SIGNATURE), b""
    while name != b"IEND":
        if offset + 12 > len(data):
            raise Rejected(tr_lazy("The engine gave a picture that is cut off ({filename}). Try again.", filename=filename))
        size, name = struct.unpack_from(">I4s", data, offset)
        yield name, data[offset : offset + 12 + size]
        offset += 12 + size


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
