"""Completes the OpenAPI description: each operation lists the error statuses it can answer with, in the form `errors` sends."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What every refusal looks like. `message` is a sentence for people; `code` is for programs.",
    "type": "object",
    "properties": {
        "statusCode": {"type": "integer"},
        "message": {"type": "string"},
        "error": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["statusCode", "message", "error"],
}
_MEANINGS = {
    400: "Something in the request is wrong; the message says what.",
    401: "Nobody is signed in.",
    402: "The workspace's budget for words has too little left.",
    403: "The role in this workspace does not allow it, or the request does not come from the studio's own page.",
    404: "There is no such thing in this workspace, or no such workspace for this person.",
    409: "It is in another state than this needs.",
    413: "The request is too large.",
    429: "Too many at once; `Retry-After` says when to come back.",
    502: "The language model's answer was lost or cannot be used.",
    503: "A server behind the studio does not answer right now.",
}
_ALWAYS, _SIGNED_IN, _WRITES = {400, 503}, {401, 403, 404}, {403, 404, 409, 413, 429}
_NEVER_SENT = {"HTTPValidationError", "ValidationError"}


def complete_openapi(api: FastAPI) -> None:
    """Makes `api.openapi()` return the completed description."""
    original_openapi = api.openapi

    def completed_openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            _add_errors(original_openapi())
        assert api.openapi_schema is not None
        return api.openapi_schema

    api.openapi = completed_openapi  # type: ignore[method-assign]


def _add_errors(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)
            for status in sorted(error_statuses(path, method, operation)):
                operation["responses"].setdefault(str(status), _problem_response(status))


def error_statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The error statuses that an operation can answer with."""
    statuses = set(_ALWAYS)
    if operation.get("security"):
        statuses |= _SIGNED_IN
    elif "{" in path:
        statuses |= {404}
    if method != "get":
        statuses |= _WRITES | {401}
    return statuses


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that can be refused with these statuses, beside those that every route of its kind has."""
    return {status: _problem_response(status) for status in statuses}


def _problem_response(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _MEANINGS.get(status, HTTPStatus(status).phrase), "content": content}
