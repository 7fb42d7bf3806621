"""The OpenAPI description: every operation with the statuses it sends, as `errors` sends them; nothing that it never sends."""

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
_MEANING = {
    400: "Something in the request is wrong; the message says what.",
    401: "Nobody is signed in.",
    403: "The role in this workspace does not allow it, or the request does not come from the studio's own page.",
    404: "There is no such thing in this workspace, or no such workspace for this person.",
    409: "It is in another state than this needs.",
    413: "The request is too large.",
    429: "Too many at once; `Retry-After` says when to come back.",
    503: "A server behind the studio does not answer right now.",
}
_ALWAYS, _SIGNED_IN, _WRITES = {400, 503}, {401, 403, 404}, {403, 404, 409, 413, 429}
_NEVER_SENT = {"HTTPValidationError", "ValidationError"}


def describe(api: FastAPI) -> None:
    """`api.openapi()` tells it from here on."""
    plain = api.openapi

    def told() -> dict[str, Any]:
        if api.openapi_schema is None:
            _complete(plain())
        assert api.openapi_schema is not None
        return api.openapi_schema

    api.openapi = told  # type: ignore[method-assign]


def _complete(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)
            for status in sorted(refusals(path, method, operation)):
                operation["responses"].setdefault(str(status), _answer(status))


def refusals(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The statuses by which one operation says no."""
    found = set(_ALWAYS)
    if operation.get("security"):
        found |= _SIGNED_IN
    elif "{" in path:
        found |= {404}
    if method != "get":
        found |= _WRITES | {401}
    return found


def _answer(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _MEANING.get(status, HTTPStatus(status).phrase), "content": content}
