"""From what a model wrote to the shape that was asked for. Models wrap JSON in prose and fences and leave commas behind."""

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
_MOST_STARTS = 200
_READER = json.JSONDecoder(strict=False)
_NOT_IN_FORM = (
    "The model's answer was not in the form that was asked for. Try again; if it goes on like that, whoever runs the studio "
    "can set another model."
)


def parse(text: str, shape: type[T]) -> T:
    """Raises Rejected when nothing in it fits, also repaired. What was cut off in the middle never fits."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first = error
    fits = (_fit(value, shape, alone) for alone in (False, True) for value in _values(text, alone=alone))
    if found := next((one for one in fits if one is not None), None):
        return found
    raise Rejected(_NOT_IN_FORM, detail=f"{first}: {text[:500]}") from first


def _values(text: str, *, alone: bool) -> Iterator[object]:
    """What may be meant: fenced blocks first, then whatever JSON stands in the text; each as it is, then repaired.

    `alone`: for what would be an item of the shape's list: objects that follow one another are tried as a list. Of a text that
    ends in the middle nothing is taken then: the items after the first would be missing.
    """
    if alone and text.count("{") > text.count("}"):
        return
    for part in (*_FENCED.findall(text), text):
        found = list(_decoded(part))
        if alone and len(found) > 1:
            yield [one for one in found if isinstance(one, dict)]
        yield from found
        yield from _repaired(part)


def _decoded(text: str) -> Iterator[object]:
    """JSON from each brace or bracket on that begins any. What lies within one that was read also counts, after it."""
    for start in [one.start() for one in _STARTS.finditer(text)][:_MOST_STARTS]:
        try:
            yield _READER.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue


def _repaired(text: str) -> Iterator[object]:
    """From each of the first braces to the last one: what stands behind it is talk, unless it was cut off."""
    last = max(text.rfind("}"), text.rfind("]"))
    if text[last + 1 :].strip(" \r\n\t,;`") and text.count("{") > text.count("}"):
        return
    for start in [one.start() for one in _STARTS.finditer(text, 0, max(last, 0))][:3]:
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
    """{"variants": […]} of a bare list, or of a single item, where the shape has nothing but that list."""
    (name, field), *more = shape.model_fields.items()
    if more or get_origin(field.annotation) is not list or value in ({}, []):
        return None
    (item,) = get_args(field.annotation)
    if isinstance(value, dict) and not issubclass(item, BaseModel):
        return None
    return {name: value if isinstance(value, list) else [value]}


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """As `response_format` takes it: strict, every field required, nothing besides."""
    return {"name": shape.__name__, "strict": True, "schema": _strict(shape.model_json_schema())}


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    parts = {name: _strict(part) if isinstance(part, dict) else part for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        parts |= {"additionalProperties": False, "required": list(schema["properties"])}
    if schema.get("type") == "string":  # servers that are strict take no lengths; we look at them ourselves
        parts = {name: part for name, part in parts.items() if name not in ("minLength", "maxLength")}
    return parts
