"""Middleware: gives each request an id (in its log lines and its answer), measures its time, limits the size of its body."""

from __future__ import annotations

import time

import structlog
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.event_stream import STREAM_STATE
from backend.kit import logs, metrics, traces
from backend.kit.ids import new_id

log = structlog.get_logger(__name__)
MAX_BODY_BYTES = 1 << 20
"""Bytes of a JSON body. FastAPI reads the body before it authorises the caller, so this holds for strangers too."""
_READS = ("GET", "HEAD", "OPTIONS")
"""Methods whose requests are logged at DEBUG alone: pages ask a lot."""
_MULTIPART_PATHS = ("/style/train", "/train", "/assets")
"""These routes authorise the caller before they read the body, and limit its size themselves."""


class RequestLogging:
    """Adds a request id, measures and logs. Plain ASGI, so streamed uploads and downloads are not buffered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, request_id, until_answer = time.perf_counter(), 500, new_id("req"), 0.0

        async def send_with_id(message: Message) -> None:
            nonlocal status, until_answer
            if message["type"] == "http.response.start":
                status, until_answer = message["status"], time.perf_counter() - started
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with logs.log_context(request=request_id), traces.span(f"{scope['method']} /api", {"request.id": request_id}):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                is_stream = STREAM_STATE in scope.get("state", {})  # open for half an hour, which says nothing of our speed
                self._record(scope, status, until_answer if is_stream else time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        pattern = route.path if isinstance(route, Route) else "unknown"
        traces.rename(f"{scope['method']} {pattern}")
        metrics.request(method=scope["method"], route=pattern, status=status, seconds=seconds)
        write = log.warning if status >= 500 else log.info if scope["method"] not in _READS else log.debug
        write("request", action=f"{scope['method']} {pattern}", status=status, duration=round(seconds * 1000, 1))


def _is_file_upload(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if scope["method"] == "POST" and path in _MULTIPART_PATHS:
        return any(name == b"content-type" and value.startswith(b"multipart/form-data") for name, value in scope["headers"])
    return scope["method"] == "PUT" and path.startswith("/uploads/")


class BodyLimit:
    """Answers 413 to bodies of more than MAX_BODY_BYTES. File uploads pass: their routes have limits of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_file_upload(scope):
            await self.app(scope, receive, send)
            return
        received_bytes = 0

        async def receive_limited() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > MAX_BODY_BYTES:
                raise HTTPException(413, f"The request is larger than {MAX_BODY_BYTES >> 20} MB. Send less at a time.")
            return message

        await self.app(scope, receive_limited, send)
