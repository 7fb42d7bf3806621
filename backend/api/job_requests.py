"""The types of jobs that POST /api/jobs starts: for each its payload, the verb of its slice, and an estimate.

The verbs are those that the pages use, so the API can start nothing that a page cannot.
"""

from __future__ import annotations

from typing import Any

from backend import job_types  # noqa: F401  # registers all kinds of jobs
from backend.errors import Invalid
from backend.jobs import JOB_TYPES, JobRequestType
from backend.kit.drafts import Draft
from backend.language import tr_lazy

JOB_REQUEST_TYPES: dict[str, JobRequestType] = {
    request_type.name: request_type for job_type in JOB_TYPES.values() for request_type in job_type.requests
}


def job_request_type(kind: str, *, estimable: bool = False) -> JobRequestType:
    """The request type called `kind`. `estimable`: only those that can be estimated. Raises Invalid, which lists the types."""
    candidates = {
        name: request_type for name, request_type in JOB_REQUEST_TYPES.items() if request_type.estimate or not estimable
    }
    if (request_type := candidates.get(kind)) is None:
        purpose = "estimate for" if estimable else "work of"
        raise Invalid(
            tr_lazy(
                "There is no {purpose} type “{kind}”. Types: {names}.",
                purpose=purpose,
                kind=kind[:40],
                names=", ".join(sorted(candidates)),
            )
        )
    return request_type


def to_snake_keys(value: Any) -> Any:
    """Converts the keys of a JSON value to snake_case, as drafts spell them: datasetId -> dataset_id.

    Keys below `values` stay as they are: they are names that users gave to a template's blanks.
    """
    if isinstance(value, dict):
        return {
            (name := _to_snake(str(key))): item if name == "values" and isinstance(item, dict) else to_snake_keys(item)
            for key, item in value.items()
        }
    return [to_snake_keys(item) for item in value] if isinstance(value, list) else value


def to_camel_keys(value: Any) -> Any:
    """The other way: dataset_id -> datasetId."""
    if isinstance(value, dict):
        return {
            (name := _humps(str(key))): item if name == "values" and isinstance(item, dict) else to_camel_keys(item)
            for key, item in value.items()
        }
    return [to_camel_keys(item) for item in value] if isinstance(value, list) else value


def _to_snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)


def payload_schemas() -> list[Any]:
    """For the OpenAPI description: a JSON schema for each type, with names in camelCase."""
    return [
        {
            "title": kind,
            "type": "object",
            "required": ["type", "payload"],
            "properties": {"type": {"const": kind}, "payload": api_schema(request_type.draft)},
            "example": {"type": kind, "payload": request_type.example},
        }
        for kind, request_type in JOB_REQUEST_TYPES.items()
    ]


def api_schema(draft: type[Draft]) -> Any:
    """JSON schema of a draft as clients send it: names in camelCase, no references, no defaults."""
    schema = draft.model_json_schema()
    return _to_api_schema(schema, schema.get("$defs", {}))


def _to_api_schema(value: Any, definitions: dict[str, Any]) -> Any:
    """Property names in camelCase; `$ref`s replaced by the schema they refer to."""
    if isinstance(value, list):
        return [_to_api_schema(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if (reference := value.get("$ref")) is not None:
        return _to_api_schema(definitions[str(reference).rpartition("/")[2]], definitions)
    converted = {key: _to_api_schema(item, definitions) for key, item in value.items() if key not in ("$defs", "default")}
    if isinstance(value.get("properties"), dict):
        converted["properties"] = {
            _humps(name): _to_api_schema(item, definitions) for name, item in value["properties"].items()
        }
        converted["required"] = [_humps(name) for name in value.get("required", ())]
    return converted


def _humps(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
