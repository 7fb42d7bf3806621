"""The ASGI application at /mcp: checks the API key, and starts the server with the first request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api import deps, errors
from backend.api.credentials import read_credentials
from backend.api.rate_limits import RateLimits
from backend.api.requests import RequestLogging
from backend.app import App
from backend.errors import NotPermitted, NotSignedIn, StudioError
from backend.language import tr_lazy

_KEY_NEEDED = tr_lazy("Send an API key of the studio as Authorization: Bearer ias_…. An owner makes one on the page API keys.")


class McpDoor:
    """`api`: the REST API, whose keys, limits and counters count here too. `lifespan` belongs into the server's own."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api
        self._application: ASGIApp | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop: asyncio.Event | None = None
        self._starting = asyncio.Lock()
        self._limited = RequestLogging(RateLimits(self._answer))

    def routes(self) -> list[Route]:
        """GET would open a stream that never ends, and there is nothing to say on it: 405."""
        return [Route("/mcp", endpoint=self, methods=["POST"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._limited({**scope, "app": self._api}, receive, send)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        self._starting = asyncio.Lock()
        try:
            yield
        finally:
            if self._running is not None and self._stop is not None:
                self._stop.set()
                await self._running
            self._application = self._running = None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            connection = HTTPConnection(scope)
            app = await deps.current_app_of(connection)
            caller = await self._caller(connection, app)
        except StudioError as error:
            await errors.refusal_response(error)(scope, receive, send)
            return
        application = await self._started()
        from backend.api.mcp.calls import ToolCall, current_call  # only now: `mcp` has been imported, in a thread

        reset = current_call.set(ToolCall(app, caller))
        try:
            await application(scope, receive, send)
        finally:
            current_call.reset(reset)

    async def _caller(self, connection: HTTPConnection, app: App) -> Any:
        """Raises NotSignedIn for everything but an API key, NotPermitted for a page of another site."""
        headers = Headers(scope=connection.scope)
        origin = headers.get("origin", "")
        known_origins = {allowed.rstrip("/") for allowed in app.settings.api.cors_origins}
        if origin and origin not in known_origins and not app.settings.web.hosts.own_origin(origin, headers.get("host", "")):
            raise NotPermitted(
                tr_lazy("Pages of this site may not use the studio's tools. Add it to CORS_ORIGIN if it is yours.")
            )
        credentials = read_credentials(connection, app.settings)
        if credentials.kind != "key":
            raise NotSignedIn(_KEY_NEEDED)
        holder = await deps.key_cache_of(connection).holder(app, credentials.secret)
        return replace(holder, origin=deps.origin_of(connection, "key"))

    async def _started(self) -> ASGIApp:
        if self._application is None:
            async with self._starting:
                if self._application is None:
                    self._application = await self._start()
        return self._application

    async def _start(self) -> ASGIApp:
        """The server's task group must be left by the task that entered it, so it has one of its own."""
        server, application = await run_in_threadpool(_import_and_build)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop = stop = asyncio.Event()

        async def run() -> None:
            try:
                async with server.session_manager.run():
                    ready.set_result(None)
                    await stop.wait()
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise

        self._running = asyncio.create_task(run(), name="mcp")
        await ready
        return application


def _import_and_build() -> tuple[Any, ASGIApp]:
    from backend.api.mcp.server import build

    return build()
