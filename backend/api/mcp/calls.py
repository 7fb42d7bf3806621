"""What every tool has in common: who calls it, which scope it needs, how it refuses, and that a repeated call runs once."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel
from sqlalchemy.exc import DataError

from backend import access
from backend.access import StoredAnswer
from backend.api import deps
from backend.api.claim_renewal import claim_renewal
from backend.app import App
from backend.db.transactions import KeyHolder, SystemCaller
from backend.errors import StudioError

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer", bound=BaseModel)
_UNSTORABLE = "The arguments hold a character or number that cannot be stored."


@dataclass(frozen=True, slots=True)
class ToolCall:
    app: App
    caller: KeyHolder


current_call: ContextVar[ToolCall] = ContextVar("current_call")
"""Of the request to /mcp. Tools run in threads that have a copy of it."""


def guarded(function: Callable[..., Any], scope: str) -> Callable[..., Any]:
    """The tool `function` as it is offered: it needs `scope`, and refuses with a sentence, as the API does."""

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_later(*args: Any, **arguments: Any) -> Any:
            try:
                deps.require_scope(current_call.get().caller, scope)
                return await function(*args, **arguments)
            except (StudioError, DataError) as error:
                return _refusal(error)

        return call_later

    @functools.wraps(function)
    def call(*args: Any, **arguments: Any) -> Any:
        try:
            deps.require_scope(current_call.get().caller, scope)
            return function(*args, **arguments)
        except (StudioError, DataError) as error:
            return _refusal(error)

    return call


def _refusal(error: StudioError | DataError) -> CallToolResult:
    if isinstance(error, StudioError):
        if error.status >= 500:
            log.warning("tool failed", code=error.code, message=error.message)
        sentence, code = error.message, error.code
    else:
        sentence, code = _UNSTORABLE, "invalid"
    return CallToolResult(is_error=True, content=[TextContent(type="text", text=f"{sentence} ({code})")])


def run_once(key: str, tool: str, arguments: dict[str, Any], answer: type[Answer], work: Callable[[str], Answer]) -> Answer:
    """`work(request_key)`, or the answer that the first call of `tool` with this `key` got (for 24 hours). What it starts under
    `request_key` is not started again by a call that takes over from a process that died.

    Raises KeyReused when the first call had other arguments, Conflict while it still runs.
    """
    app, caller = current_call.get().app, current_call.get().caller
    body = json.dumps(arguments, sort_keys=True, default=str, ensure_ascii=False).encode("utf-8", "replace")
    with app.db.transaction(caller) as tx:
        started = access.idempotency.begin(tx, request=f"MCP {tool}", key=key, body=body)
    if isinstance(started, StoredAnswer):
        return answer.model_validate_json(started.body)
    result: Answer | None = None
    try:
        with claim_renewal.of(app, started):
            result = work(started.key_hash)
        return result
    finally:
        with app.db.transaction(SystemCaller(caller.tenant_id)) as tx:
            if result is None:
                access.idempotency.release(tx, started, refused=True)
            else:
                access.idempotency.finish(tx, started, StoredAnswer(200, {}, result.model_dump_json().encode()))
