"""What the server says, as values. Reading is forgiving: a field that is missing is empty."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4


@dataclass(frozen=True, slots=True)
class File:
    """A result on the server. `kind`: output, temp or input."""

    name: str
    subfolder: str
    kind: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer to a prompt. `node_errors` may be filled although it was accepted: then a part of it is dropped."""

    prompt_id: str
    node_errors: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A history entry, so the prompt has ended. `error`: the data of execution_error; `files`: node id -> result files."""

    outcome: Literal["success", "error", "interrupted"]
    files: dict[str, list[File]]
    error: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Entry:
        """`completed` stays false after errors for ever: the status word and the last message decide."""
        status = said.get("status") or {}
        messages = status.get("messages") or []
        files = {str(node): files_of(shown) for node, shown in (said.get("outputs") or {}).items()}
        if status.get("status_str") == "success":
            return cls("success", files)
        ends = [(name, data) for name, data in messages if name in {"execution_error", "execution_interrupted"}]
        name, data = ends[-1] if ends else ("execution_error", {})
        return cls("interrupted", files) if name == "execution_interrupted" else cls("error", files, data)


def files_of(shown: Any) -> list[File]:
    """Of one node's output, whatever the key is called: `images`, `gifs`, `audio`."""
    lists = [value for value in shown.values() if isinstance(value, list)] if isinstance(shown, dict) else []
    return [
        File(str(one["filename"]), str(one.get("subfolder", "")), str(one.get("type", "output")))
        for some in lists
        for one in some
        if isinstance(one, dict) and one.get("filename")
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """Prompt ids in the order they are, or will be, drawn."""

    running: tuple[str, ...]
    pending: tuple[str, ...]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Line:
        waiting = sorted(said.get("queue_pending") or [], key=lambda item: float(item[0]))
        running = said.get("queue_running") or []
        return cls(tuple(str(item[1]) for item in running), tuple(str(item[1]) for item in waiting))


@dataclass(frozen=True, slots=True)
class Message:
    """One thing heard. `kind`: the server's word, `preview`, or `connected` (ours, after each connection: look by HTTP).

    `prompt_id` "" when it names none. `picture`: encoded, for previews.
    """

    kind: str
    prompt_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    picture: bytes = b""

    @classmethod
    def read(cls, raw: str | bytes) -> Message | None:
        """None for what nobody here needs or what is broken."""
        if isinstance(raw, bytes):
            return _preview(raw)
        try:
            said = json.loads(raw)
            kind, data = said["type"], said["data"]
        except (ValueError, KeyError, TypeError):
            return None
        if not isinstance(kind, str) or not isinstance(data, dict):
            return None
        return cls(kind, str(data.get("prompt_id") or ""), data)


def _preview(raw: bytes) -> Message | None:
    if len(raw) < 8:
        return None
    event, number = struct.unpack_from(">II", raw)
    if event == _PREVIEW:
        return Message("preview", picture=raw[8:])
    if event == _PREVIEW_WITH_METADATA:
        try:
            data = json.loads(raw[8 : 8 + number])
        except ValueError:
            return None
        return Message("preview", str(data.get("prompt_id") or ""), data, raw[8 + number :])
    return None
