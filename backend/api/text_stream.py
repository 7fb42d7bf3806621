"""Answers of models as they are written: server-sent events, to clients that accept text/event-stream.

`text` events have the pieces as `{"text"}`, `done` has what the caller would have got without streaming, `error` a Problem.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Generic, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic import BaseModel

from backend.api import errors
from backend.api.event_stream import HEARTBEAT_S, EventStream
from backend.errors import Cancelled, StudioError
from backend.language import tr_lazy

log = structlog.get_logger(__name__)
T = TypeVar("T")
Work = Callable[[Callable[[str], None]], T]
"""Asks a model, calls its argument with each piece of text as it comes, returns the result. It blocks."""
FAILED_STATE = "studio_answer_failed"
"""Set in the scope's `state` when a stream that began with 200 ended with an error: such a request may be sent again."""
IN_OPENAPI: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `Accept: text/event-stream`: the answer while it is written. "
        "Events `text` with pieces, then `done` with the JSON of 201, or `error` with a Problem.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


async def run_or_stream(
    request: Request, work: Work[T], respond: Callable[[T], BaseModel], *, limiter: CapacityLimiter
) -> BaseModel | EventStream:
    """The result of `work`, or a stream for a client that asked for one. What is refused before the first piece of text is
    raised, so it has its status; after that it is an event."""
    if "text/event-stream" not in request.headers.get("accept", ""):
        return respond(await to_thread.run_sync(work, _ignore, limiter=limiter))
    writing = _Writing(work, limiter)
    first = await writing.next_event()
    if isinstance(first, Exception):
        request.scope.setdefault("state", {})[FAILED_STATE] = True  # as an answer that fails later: it may be sent again
        raise first
    return EventStream(_frames(request, writing, first, respond))


class _Result(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


class _Writing(Generic[T]):
    """`work` in a thread, and what comes of it as events: pieces of text, then a result or an exception."""

    def __init__(self, work: Work[T], limiter: CapacityLimiter) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[str | _Result[T] | Exception] = asyncio.Queue()
        self._is_left = False
        self._task = self._loop.create_task(self._run(work, limiter))

    async def next_event(self) -> str | _Result[T] | Exception | None:
        """None: nothing came for HEARTBEAT_S."""
        try:
            return await asyncio.wait_for(self._events.get(), HEARTBEAT_S)
        except TimeoutError:
            return None

    def leave(self) -> None:
        """The client is gone: `work` is stopped with its next piece of text."""
        self._is_left = True

    async def _run(self, work: Work[T], limiter: CapacityLimiter) -> None:
        try:
            event: _Result[T] | Exception = _Result(await to_thread.run_sync(work, self._on_text, limiter=limiter))
        except Exception as error:
            event = error
        self._events.put_nowait(event)

    def _on_text(self, text: str) -> None:
        if self._is_left:
            raise Cancelled(tr_lazy("The caller did not wait for the answer."))
        self._loop.call_soon_threadsafe(self._events.put_nowait, text)


async def _frames(
    request: Request, writing: _Writing[T], first: str | _Result[T] | None, respond: Callable[[T], BaseModel]
) -> AsyncGenerator[bytes, None]:
    event: str | _Result[T] | Exception | None = first
    request.scope.setdefault("state", {})[FAILED_STATE] = True  # until it is done: a stream may be cut at any time
    try:
        while not isinstance(event, (_Result, Exception)):
            yield b": writing\n\n" if event is None else _frame("text", json.dumps({"text": event}, ensure_ascii=False))
            event = await writing.next_event()
        if isinstance(event, _Result):
            request.scope["state"][FAILED_STATE] = False
            yield _frame("done", respond(event.value).model_dump_json(by_alias=True))
        else:
            yield _frame("error", _problem(event))
    finally:
        writing.leave()


def _frame(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def _problem(error: Exception) -> str:
    if isinstance(error, StudioError):
        return bytes(errors.refusal_response(error).body).decode()
    log.error("an answer failed unexpectedly", exc_info=error)
    return bytes(errors.unexpected_response().body).decode()


def _ignore(text: str) -> None:
    pass
