"""Parses a model's answer into the requested shape. Models wrap JSON in prose and code fences and leave trailing commas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin

import json_repair
from pydantic import BaseModel, ValidationError

from backend.errors import Rejected

T = TypeVar("T", bound=BaseModel)
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:```|\Z)", re.DOTALL)
_STARTS = re.compile(r"[{\[]")
_MAX_STARTS = 200
_READER = json.JSONDecoder(strict=False)
_UNREADABLE_MESSAGE = (
    "The model's answer was not in the form that was asked for. Try again; if it goes on like that, whoever runs the studio "
    "can set another model."
)


def parse_answer(text: str, shape: type[T]) -> T:
    """The answer as `shape`. Raises Rejected when no JSON in it fits, even repaired; truncated JSON never fits."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first_error = error
    fits = (_fit(value, shape, alone) for alone in (False, True) for value in _values(text, alone=alone))
    if fitting := next((value for value in fits if value is not None), None):
        return fitting
    raise Rejected(_UNREADABLE_MESSAGE, detail=f"{first_error}: {text[:500]}") from first_error


def _values(text: str, *, alone: bool) -> Iterator[object]:
    """Candidate values: fenced blocks first, then any JSON in the text; each as it is, then repaired.

    `alone`: values that are items of the shape's list: consecutive objects are tried as a list. Truncated text gives nothing
    then, because later items would be missing.
    """
    if alone and text.count("{") > text.count("}"):
        return
    for part in (*_FENCED.findall(text), text):
        values = list(_decoded(part))
        if alone and len(values) > 1:
            yield [value for value in values if isinstance(value, dict)]
        yield from values
        yield from _repaired(part)


def _decoded(text: str) -> Iterator[object]:
    """JSON values starting at each brace or bracket, nested ones included."""
    for start in [match.start() for match in _STARTS.finditer(text)][:_MAX_STARTS]:
        try:
            yield _READER.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue


def _repaired(text: str) -> Iterator[object]:
    """Repaired JSON from each of the first braces to the last one. Text after it is ignored, unless the JSON is truncated."""
    last = max(text.rfind("}"), text.rfind("]"))
    if text[last + 1 :].strip(" \r\n\t,;`") and text.count("{") > text.count("}"):
        return
    for start in [match.start() for match in _STARTS.finditer(text, 0, max(last, 0))][:3]:
        try:
            yield json_repair.loads(text[start : last + 1])
        except (ValueError, RecursionError):
            continue


def _fit(value: object, shape: type[T], alone: bool) -> T | None:
    try:
        return shape.model_validate(_as_list(value, shape) if alone else value)
    except (ValidationError, RecursionError):
        return None


def _as_list(value: object, shape: type[BaseModel]) -> object:
    """Wraps a bare list or single item as {"variants": […]}, if the shape has only that list field."""
    (name, field), *more = shape.model_fields.items()
    if more or get_origin(field.annotation) is not list or value in ({}, []):
        return None
    (item,) = get_args(field.annotation)
    if isinstance(value, dict) and not issubclass(item, BaseModel):
        return None
    return {name: value if isinstance(value, list) else [value]}


def response_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The schema for `response_format`: strict, every field required, no others.

    The class name is part of the request and of the cache key.
    """
    return {"name": shape.__name__, "strict": True, "schema": _strict(shape.model_json_schema())}


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    parts = {name: _strict(part) if isinstance(part, dict) else part for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        parts |= {"additionalProperties": False, "required": list(schema["properties"])}
    if schema.get("type") == "string":  # strict servers reject length limits; pydantic checks them
        parts = {name: part for name, part in parts.items() if name not in ("minLength", "maxLength")}
    return parts
