"""Reads exact losses and learning rates from TensorBoard event files while they are being written.

The progress bar's average is rounded to three digits (docs/contracts/kohya.md, 9). A file is a sequence of records: length
(8 bytes, little endian), its checksum (4), a message of that length, its checksum (4). TensorBoard's own reader imports gRPC,
other packages import torch, so the four needed fields are declared here and parsed with protobuf.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

_HEAD, _FOOT = 12, 4
_MAX_RECORD_BYTES = 16 * 1024 * 1024
_READ_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `tag`: `loss/current`, `lr/unet`, … `step`: as the scripts count, from 1."""

    tag: str
    step: int
    value: float


class EventFiles:
    """All event files below a folder, each read on from where the last call stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._at = folder, dict[Path, int]()

    def scalars(self) -> list[Scalar]:
        """New, complete records. After an invalid record the rest of its file is ignored."""
        scalars: list[Scalar] = []
        for path in sorted(self._folder.glob("**/events.out.tfevents.*")):
            scalars += self._read(path)
        return scalars

    def _read(self, path: Path) -> list[Scalar]:
        scalars: list[Scalar] = []
        with path.open("rb") as file:
            file.seek(at := self._at.get(path, 0))
            raw = file.read(_READ_BYTES)
        begin = 0
        while len(raw) - begin >= _HEAD:
            (length,) = struct.unpack_from("<Q", raw, begin)
            end = begin + _HEAD + length + _FOOT
            if length > _MAX_RECORD_BYTES:
                begin = len(raw)
                break
            if end > len(raw):
                break  # not completely written yet
            scalars += _scalars(raw[begin + _HEAD : end - _FOOT])
            begin = end
        self._at[path] = at + begin
        return scalars


def _event_message_class() -> Any:
    """The message class for the used part of tensorflow.Event: step = 2, summary = 5: value = 1: (tag = 1, simple_value =
    2)."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="studio_events.proto", package="studio", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, str, bool]) -> None:
        message_type = file.message_type.add(name=name)
        for title, number, kind, type_name, repeated in fields:
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            message_type.field.add(
                name=title, number=number, type=kind, label=label, **({"type_name": type_name} if type_name else {})
            )

    message("Value", ("tag", 1, field.TYPE_STRING, "", False), ("simple_value", 2, field.TYPE_FLOAT, "", False))
    message("Summary", ("value", 1, field.TYPE_MESSAGE, ".studio.Value", True))
    step, summary = ("step", 2, field.TYPE_INT64, "", False), ("summary", 5, field.TYPE_MESSAGE, ".studio.Summary", False)
    message("Event", step, summary)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("studio.Event"))


Event = _event_message_class()
"""The message class."""


def _scalars(raw: bytes) -> list[Scalar]:
    try:
        event = Event.FromString(raw)
    except DecodeError:
        return []
    return [Scalar(value.tag, event.step, value.simple_value) for value in event.summary.value]
