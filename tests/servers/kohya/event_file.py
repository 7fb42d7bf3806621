"""TensorBoard event files, written byte by byte as the real writer does (kohya.md, 9)."""

from __future__ import annotations

import struct
import time
from pathlib import Path


class EventFile:
    """`<logging_dir>/<timestamp>/network_train/events.out.tfevents.*`; every record is flushed, as accelerate does."""

    def __init__(self, logging_dir: Path) -> None:
        folder = logging_dir / time.strftime("%Y%m%d%H%M%S") / "network_train"
        folder.mkdir(parents=True)
        self._file = (folder / f"events.out.tfevents.{int(time.time())}.host.1.0").open("wb")
        self._record(_double(1, time.time()) + _bytes(3, b"brain.Event:2"))

    def scalars(self, values: dict[str, float], step: int) -> None:
        for tag, value in values.items():
            entry = _bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
            self._record(_double(1, time.time()) + b"\x10" + _varint(step) + _bytes(5, _bytes(1, entry)))

    def close(self) -> None:
        self._file.close()

    def _record(self, data: bytes) -> None:
        head = struct.pack("<Q", len(data))
        self._file.write(head + struct.pack("<I", _masked(head)) + data + struct.pack("<I", _masked(data)))
        self._file.flush()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _masked(data: bytes) -> int:
    """The record format's checksum: CRC-32C, rotated and shifted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _row(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    return number


_TABLE = [_row(number) for number in range(256)]
