"""From what a model wrote to the shape that was asked for. Models wrap JSON in prose and fences and leave commas behind."""

from __future__ import annotations

from typing import Any, TypeVar

import json_repair
from pydantic import BaseModel, ValidationError

from backend.errors import Rejected

T = TypeVar("T", bound=BaseModel)


def parse(text: str, shape: type[T]) -> T:
    """Raises Rejected when even the repaired text does not fit."""
    try:
        return shape.model_validate_json(text)
    except ValidationError:
        pass
    try:
        return shape.model_validate(json_repair.loads(_inside(text)))
    except (ValidationError, ValueError, RecursionError) as error:
        sentence = (
            "The model's answer was not in the form that was asked for. Try again; if it goes on like that, whoever runs the "
            "studio can set another model."
        )
        raise Rejected(sentence, detail=f"{error}: {text[:500]}") from error


def _inside(text: str) -> str:
    """From the first brace to the last: what stands around it is talk."""
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if 0 <= first < last else text


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
