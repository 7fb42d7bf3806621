"""Middleware: lets pages of other sites call the API with a key or token (CORS_ORIGIN). Cookies never count for them."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api import deps
from backend.api.idempotency import REPLAYED
from backend.api.rate_limits import HEADERS as RATE_LIMIT_HEADERS
from backend.errors import StudioError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SENT = ("Authorization", "X-API-Key", "X-Workspace", "Idempotency-Key", "If-Match", "Content-Type")
READABLE = ("x-total-count", "location", "etag", "retry-after", "x-request-id", REPLAYED, *RATE_LIMIT_HEADERS)
PREFLIGHT_S = 600
"""How long a browser may remember the answer to a preflight request."""


class CrossOrigin:
    """Without CORS_ORIGIN nothing is added, and browsers refuse other sites' pages. `*`: any site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._cors: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "origin" not in Headers(scope=scope):
            await self.app(scope, receive, send)
            return
        if self._cors is None:
            try:
                app = await deps.current_app_of(HTTPConnection(scope))
            except StudioError:  # the inner application says what is missing
                await self.app(scope, receive, send)
                return
            self._cors = self._for_origins(app.settings.api.cors_origins)
        await self._cors(scope, receive, send)

    def _for_origins(self, origins: tuple[str, ...]) -> ASGIApp:
        if not origins:
            return self.app
        return CORSMiddleware(
            self.app,
            allow_origins=[origin.rstrip("/") for origin in origins],
            allow_methods=METHODS,
            allow_headers=SENT,
            expose_headers=READABLE,
            max_age=PREFLIGHT_S,
        )
