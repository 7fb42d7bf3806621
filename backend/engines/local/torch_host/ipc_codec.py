"""Encodes events, errors and requests as JSON objects for the pipe between a child and its parent."""

from __future__ import annotations

import base64
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from backend import errors
from backend.engines.ports import events
from backend.engines.ports.events import Event
from backend.language import stored
from backend.language.messages import read

_EVENTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        events.Alive,
        events.Handle,
        events.Progress,
        events.Preview,
        events.Output,
        events.Metric,
        events.Sample,
        events.Checkpoint,
        events.Log,
    )
}
_ERRORS: dict[str, type[errors.StudioError]] = {
    kind.code: kind
    for kind in (errors.EngineUnavailable, errors.Unsupported, errors.Rejected, errors.OutOfMemory, errors.DiskFull)
}
_PATHS = {"path", "state_path"}
T = TypeVar("T")


def pack(event: Event) -> dict[str, Any]:
    """An event as a JSON object: `{"event": kind, ...fields}`."""
    return {"event": type(event).__name__, **{name: _to_json(value) for name, value in asdict(event).items()}}


def unpack(message: dict[str, Any]) -> Event:
    """Decodes what `pack` encoded."""
    kind = _EVENTS[message["event"]]
    event: Event = kind(**{field.name: _from_json(field.name, message[field.name]) for field in fields(kind)})
    return event


def dump(value: Any) -> Any:
    """A request or card (a frozen dataclass) as JSON values."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def load(kind: type[T], data: Any) -> T:
    """Decodes what `dump` encoded."""
    return TypeAdapter(kind).validate_python(data)


def pack_error(error: errors.StudioError) -> dict[str, Any]:
    return {"error": error.code, "message": stored(error.message)}


def unpack_error(message: dict[str, Any]) -> errors.StudioError:
    return _ERRORS.get(message["error"], errors.EngineError)(read(message["message"]))


def _to_json(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _from_json(name: str, value: Any) -> Any:
    if name in _PATHS and value is not None:
        return Path(value)
    return base64.b64decode(value) if name == "jpeg" else value
