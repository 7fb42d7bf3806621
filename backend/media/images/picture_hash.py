"""Perceptual hash: a 64-bit difference hash, and bands of it that an index can find."""

from __future__ import annotations

import zlib
from pathlib import Path

from PIL import Image


def dhash_of(path: Path) -> str:
    """`dhash` of a file of our own engines (decoded in this process, so never of an upload)."""
    with Image.open(path) as opened:
        return dhash(opened)


def dhash(picture: Image.Image) -> str:
    """16 hex digits: is each pixel brighter than its right neighbour, at 9 x 8."""
    scale = 512 / max(picture.size)
    size = (max(3, round(picture.width * scale)), max(3, round(picture.height * scale)))
    grey = picture.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0).convert("L")
    small = grey.resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = "".join("1" if small[row * 9 + n] > small[row * 9 + n + 1] else "0" for row in range(8) for n in range(8))
    return f"{int(bits, 2):016x}"


def bands(dhash: str, owner: str) -> list[int]:
    """Eight numbers below 2^31, one a byte of the hash, different for each `owner`.

    Pictures that differ in at most 7 bits share at least one; of those that differ in 12, some nine in ten do.
    """
    salt = (zlib.crc32(owner.encode()) & 0xFFFFF) << 11
    return [salt | n << 8 | byte for n, byte in enumerate(bytes.fromhex(dhash))]
