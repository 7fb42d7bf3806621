"""Exact losses and learning rates from the TensorBoard event files, while they are being written.

The bar's average is rounded to three digits (docs/contracts/kohya.md, 9). The file is a row of records: length
(8 bytes, little endian), its checksum (4), a message of that length, its checksum (4). TensorBoard's own reader loads gRPC,
other packages load torch; the message is read with protobuf from the four fields used here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

_HEAD, _FOOT = 12, 4
_LONGEST = 16 * 1024 * 1024
_AT_ONCE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scalar:
    """`tag`: `loss/current`, `lr/unet`, … `step`: as the scripts count, from 1."""

    tag: str
    step: int
    value: float


class EventFiles:
    """Every event file below a folder, read on from where the last call stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._at = folder, dict[Path, int]()

    def scalars(self) -> list[Scalar]:
        """What is new and whole. A record that makes no sense ends its file: the rest of it is passed over."""
        found: list[Scalar] = []
        for path in sorted(self._folder.glob("**/events.out.tfevents.*")):
            found += self._read(path)
        return found

    def _read(self, path: Path) -> list[Scalar]:
        found: list[Scalar] = []
        with path.open("rb") as file:
            file.seek(at := self._at.get(path, 0))
            raw = file.read(_AT_ONCE)
        begin = 0
        while len(raw) - begin >= _HEAD:
            (length,) = struct.unpack_from("<Q", raw, begin)
            end = begin + _HEAD + length + _FOOT
            if length > _LONGEST:
                begin = len(raw)
                break
            if end > len(raw):
                break  # not written to its end yet
            found += _scalars(raw[begin + _HEAD : end - _FOOT])
            begin = end
        self._at[path] = at + begin
        return found


def _message() -> Any:
    """tensorflow.Event, as far as it is used: step = 2, summary = 5 of value = 1 of (tag = 1, simple_value = 2)."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="studio_events.proto", package="studio", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, str, bool]) -> None:
        made = file.message_type.add(name=name)
        for title, number, kind, of, repeated in fields:
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            made.field.add(name=title, number=number, type=kind, label=label, **({"type_name": of} if of else {}))

    message("Value", ("tag", 1, field.TYPE_STRING, "", False), ("simple_value", 2, field.TYPE_FLOAT, "", False))
    message("Summary", ("value", 1, field.TYPE_MESSAGE, ".studio.Value", True))
    step, summary = ("step", 2, field.TYPE_INT64, "", False), ("summary", 5, field.TYPE_MESSAGE, ".studio.Summary", False)
    message("Event", step, summary)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("studio.Event"))


Event = _message()
"""The message class."""


def _scalars(raw: bytes) -> list[Scalar]:
    try:
        event = Event.FromString(raw)
    except DecodeError:
        return []
    return [Scalar(one.tag, event.step, one.simple_value) for one in event.summary.value]
