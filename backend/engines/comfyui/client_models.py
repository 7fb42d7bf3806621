"""The server's answers and socket messages as values. Parsing is lenient: a missing field is empty."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result file on the server. `kind`: output, temp or input."""

    name: str
    subfolder: str
    kind: str


@dataclass(frozen=True, slots=True)
class QueuedPrompt:
    """The answer to POST /prompt. `node_errors` may be filled although it was queued: the server then drops those nodes."""

    prompt_id: str
    node_errors: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """The history entry of a prompt that has ended. `error`: the data of execution_error; `files`: node id -> result files."""

    outcome: Literal["success", "error", "interrupted"]
    files: dict[str, list[ResultFile]]
    error: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> HistoryEntry:
        """Reads `status_str` and the last message: `completed` stays false forever after an error."""
        status = entry.get("status") or {}
        messages = status.get("messages") or []
        files = {str(node): output_files(output) for node, output in (entry.get("outputs") or {}).items()}
        if status.get("status_str") == "success":
            return cls("success", files)
        ends = [(name, data) for name, data in messages if name in {"execution_error", "execution_interrupted"}]
        name, data = ends[-1] if ends else ("execution_error", {})
        return cls("interrupted", files) if name == "execution_interrupted" else cls("error", files, data)


def output_files(output: Any) -> list[ResultFile]:
    """The files in one node's output, whatever the key is called: `images`, `gifs`, `audio`."""
    lists = [value for value in output.values() if isinstance(value, list)] if isinstance(output, dict) else []
    return [
        ResultFile(str(file["filename"]), str(file.get("subfolder", "")), str(file.get("type", "output")))
        for files in lists
        for file in files
        if isinstance(file, dict) and file.get("filename")
    ]


@dataclass(frozen=True, slots=True)
class QueueState:
    """Prompt ids in the order they are, or will be, drawn."""

    running: tuple[str, ...]
    pending: tuple[str, ...]

    @classmethod
    def read(cls, queue: Mapping[str, Any]) -> QueueState:
        pending = sorted(queue.get("queue_pending") or [], key=lambda item: float(item[0]))
        running = queue.get("queue_running") or []
        return cls(tuple(str(item[1]) for item in running), tuple(str(item[1]) for item in pending))


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """One message of the socket.

    `kind`: the server's type, `preview`, or `connected` (made by us after each connection: poll by HTTP then).

    `prompt_id`: "" when it names none. `picture`: the encoded image of a preview.
    """

    kind: str
    prompt_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    picture: bytes = b""

    @classmethod
    def read(cls, raw: str | bytes) -> SocketMessage | None:
        """None for a message that is malformed or of no use here."""
        if isinstance(raw, bytes):
            return _preview(raw)
        try:
            message = json.loads(raw)
            kind, data = message["type"], message["data"]
        except (ValueError, KeyError, TypeError):
            return None
        if not isinstance(kind, str) or not isinstance(data, dict):
            return None
        return cls(kind, str(data.get("prompt_id") or ""), data)


def _preview(raw: bytes) -> SocketMessage | None:
    if len(raw) < 8:
        return None
    event, number = struct.unpack_from(">II", raw)
    if event == _PREVIEW:
        return SocketMessage("preview", picture=raw[8:])
    if event == _PREVIEW_WITH_METADATA:
        try:
            data = json.loads(raw[8 : 8 + number])
        except ValueError:
            return None
        return SocketMessage("preview", str(data.get("prompt_id") or ""), data, raw[8 + number :])
    return None
