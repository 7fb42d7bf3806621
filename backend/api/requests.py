"""Every request gets an id that its log lines and its answer carry, is counted with its time, and may be only so large."""

from __future__ import annotations

import time

import structlog
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit import logs, metrics
from backend.kit.ids import new_id

log = structlog.get_logger(__name__)
LARGEST_BODY = 1 << 20
"""Bytes of a JSON body. It is read before anybody asks who sends it."""
_WITH_FILES = ("/style/train", "/train")
"""These ask who sends files before they read them, and limit them themselves."""


class Observed:
    """Plain ASGI: streamed uploads and downloads pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, request_id = time.perf_counter(), 500, new_id("req")

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with logs.log_context(request=request_id):
            try:
                await self.app(scope, receive, answered)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        pattern = route.path if isinstance(route, Route) else "unknown"
        metrics.request(method=scope["method"], route=pattern, status=status, seconds=seconds)
        log.debug("request", method=scope["method"], route=pattern, status=status, ms=round(seconds * 1000, 1))


def _streamed(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if scope["method"] == "POST" and path in _WITH_FILES:
        return any(name == b"content-type" and value.startswith(b"multipart/form-data") for name, value in scope["headers"])
    return scope["method"] == "PUT" and path.startswith("/uploads/")


class Limited:
    """Plain ASGI. Only files on their way to storage are streamed past it, with limits of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _streamed(scope):
            await self.app(scope, receive, send)
            return
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > LARGEST_BODY:
                raise HTTPException(413, f"The request is larger than {LARGEST_BODY >> 20} MB. Send less at a time.")
            return message

        await self.app(scope, counted, send)
