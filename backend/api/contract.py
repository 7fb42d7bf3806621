"""Completes the OpenAPI description: what each operation needs, an example of each body, every refusal it can answer with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend import access
from backend.api.answer_examples import example_answer, example_id
from backend.api.error_catalogue import catalogue
from backend.api.examples import BODIES, example_of
from backend.api.idempotency import SIGN_IN_PATHS
from backend.api.job_requests import JOB_REQUEST_TYPES

NounsByPath = Mapping[str, Mapping[str, str]]
"""Beginning of a path -> value of a field -> noun of the scope."""
HEADER_KEY = "apiKey"
"""Name of the security scheme of X-API-Key, which does the same as a key sent as Bearer."""
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
    "example": {
        "statusCode": 404,
        "message": "There is no such board in this workspace.",
        "error": "Not Found",
        "code": "not_found",
    },
}
_MEANINGS = {
    400: "Something in the request is wrong; the message says what.",
    401: "Nobody is signed in.",
    402: "The workspace's budget for words has too little left.",
    403: "The role or the key does not allow it, or the request does not come from the studio's own page.",
    404: "There is no such thing in this workspace, or no such workspace for this person.",
    409: "It is in another state than this needs.",
    413: "The request is too large.",
    422: "The `Idempotency-Key` was used for a request with another body.",
    429: "Too many at once; `Retry-After` says when to come back.",
    502: "The language model's answer was lost or cannot be used.",
    503: "A server behind the studio does not answer right now.",
}
_ALWAYS, _SIGNED_IN, _WRITES = {400, 429, 503}, {401, 403, 404}, {403, 404, 409, 413}
_NEVER_SENT = {"HTTPValidationError", "ValidationError"}
_ABOUT = """\
The same verbs as the studio's pages. Sign in with an API key (`Authorization: Bearer ias_…`, or `X-API-Key`), made on the page
API keys, or with a token of `POST /api/auth/login`. A key has scopes; each operation says which one it needs.

Every refusal has the form of `Problem`. Its `code` is one of:

"""


def complete_openapi(api: FastAPI, *, upload_nouns: Mapping[str, str], trash_nouns: Mapping[str, str]) -> None:
    """Makes `api.openapi()` return the completed description. `upload_nouns`: noun of uploads -> noun of its scope;
    `trash_nouns`: kind of things in the trash -> noun of its scope."""
    original_openapi = api.openapi

    def completed_openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            _complete(original_openapi(), dict(_routes(api)), {"/uploads": upload_nouns, "/trash": trash_nouns})
        assert api.openapi_schema is not None
        return api.openapi_schema

    api.openapi = completed_openapi  # type: ignore[method-assign]


def _routes(api: FastAPI) -> Iterator[tuple[tuple[str, str], APIRoute]]:
    """(path, method in lower case) -> its route."""
    for included in api.routes:
        router: Any = getattr(included, "original_router", None)
        prefix = included.include_context.prefix if router else ""  # type: ignore[attr-defined]
        for route in router.routes if router else [included]:
            if isinstance(route, APIRoute):
                yield from (((prefix + route.path, method.lower()), route) for method in _methods(route))


def _methods(route: APIRoute) -> set[str]:
    return route.methods or set()


def _scope_of(route: APIRoute) -> tuple[str, str] | None:
    """(noun, verb) that `deps.needs_scope` gave it; verb "": by its method. A route that names a higher verb than its router
    needs that one."""
    named = [getattr(dependency.call, "scope", None) for dependency in route.dependant.dependencies]
    scopes: list[tuple[str, str]] = [scope for scope in named if scope]
    return max(scopes, key=lambda scope: access.scopes.VERBS.index(scope[1]) if scope[1] else -1, default=None)


def _complete(document: dict[str, Any], routes: dict[tuple[str, str], APIRoute], nouns_by_path: NounsByPath) -> None:
    schemas = document["components"]["schemas"]
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    document["servers"] = [{"url": "/api"}]
    document["info"]["description"] = _ABOUT + "\n".join(
        f"- `{entry.code}` ({entry.status}): {entry.meaning}" for entry in catalogue()
    )
    document["x-error-codes"] = [
        {"code": entry.code, "status": entry.status, "meaning": entry.meaning} for entry in catalogue()
    ]
    document["components"]["securitySchemes"][HEADER_KEY] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "An API key, for clients that cannot send Authorization.",
    }
    names = [route.name for route in routes.values()]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            route = routes[path, method]
            if names.count(route.name) == 1:
                operation["operationId"] = route.name
            _add_access(operation, route, nouns_by_path)
            _add_example(operation, f"{method.upper()} {path}", schemas)
            _add_answer_examples(operation, schemas)
            operation["responses"].pop("422", None)
            for status in sorted(error_statuses(path, method, operation)):
                operation["responses"].setdefault(str(status), _problem_response(status))


def _add_access(operation: dict[str, Any], route: APIRoute, nouns_by_path: NounsByPath) -> None:
    """The scope that an API key needs, in `x-scope` and in words; X-API-Key beside Bearer."""
    schemes = operation.get("security", [])
    if {"bearer": []} in schemes:
        schemes.append({HEADER_KEY: []})
    scope = _scope_of(route)
    sentence = ""
    if scope and {"bearer": []} in schemes:
        noun, verb = scope
        reads = not _methods(route).isdisjoint({"GET", "HEAD"})
        operation["x-scope"] = f"{noun}:{verb or ('read' if reads else access.scopes.write_verb(noun))}"
        sentence = f"Scope of an API key: `{operation['x-scope']}`."
    elif {"bearer": []} in schemes:
        word, by_word = _scopes_by_word(route, nouns_by_path)
        operation["x-scope"] = by_word
        sentence = (
            f"Scope of an API key, by `{word}`: " + ", ".join(f"{value}: `{needed}`" for value, needed in by_word.items()) + "."
        )
    elif schemes == [{"session": []}]:
        sentence = "For browsers: with the session's cookie only."
    operation["description"] = "\n\n".join(part for part in (operation.get("description", ""), sentence) if part)


def _scopes_by_word(route: APIRoute, nouns_by_path: NounsByPath) -> tuple[str, dict[str, str]]:
    """Of routes whose scope depends on what is sent: the field it depends on, and the scope by its values."""
    for path, nouns in nouns_by_path.items():
        if route.path.startswith(path):
            verb = "read" if "GET" in _methods(route) else "write"
            others = {"all others": "images"} if path == "/uploads" else {}
            word = "noun" if path == "/uploads" else "kind"
            return word, {noun: f"{scope_noun}:{verb}" for noun, scope_noun in {**nouns, **others}.items()}
    return "type", {name: request_type.scope for name, request_type in sorted(JOB_REQUEST_TYPES.items())}


def _add_example(operation: dict[str, Any], key: str, schemas: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and "example" not in content and "examples" not in content:
        content["example"] = BODIES[key] if key in BODIES else example_of(content["schema"], schemas)


def _add_answer_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter.setdefault("example", example_id(parameter["name"]))
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if content is not None and status < "400" and "example" not in content and "examples" not in content:
            content["example"] = example_answer(content["schema"], schemas)


def error_statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The error statuses that an operation can answer with."""
    statuses = set(_ALWAYS)
    if operation.get("security"):
        statuses |= _SIGNED_IN
    elif "{" in path:
        statuses |= {404}
    if method != "get":
        statuses |= _WRITES | {401}
    if method == "post" and not path.startswith(SIGN_IN_PATHS):
        statuses |= {422}
    return statuses


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that can be refused with these statuses, beside those that every route of its kind has."""
    return {status: _problem_response(status) for status in statuses}


def _problem_response(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    response: dict[str, Any] = {"description": _MEANINGS.get(status, HTTPStatus(status).phrase), "content": content}
    if status == 429:
        header = {"description": "Seconds until the next request", "schema": {"type": "integer"}}
        response["headers"] = {"Retry-After": header}
    return response
