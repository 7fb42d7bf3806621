"""Renews the session of a browser that is used: its row and its cookie last SESSION_DAYS from then on."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import accounts, api
from backend.app import App
from backend.db.transactions import Anonymous, hash_token
from backend.errors import StudioError
from studio.shell.session import COOKIE

RENEW_EVERY_S = 3600.0
_MAX_REMEMBERED = 10_000


class SessionRenewal:
    """Plain ASGI. Pages and the API only: answers that proxies may keep must not set a cookie. Once an hour for a session and
    process, so that requests stay free of writes."""

    def __init__(self, app: ASGIApp, get_app: Callable[[], App]) -> None:
        self.app, self.get_app = app, get_app
        self._renewed_at: OrderedDict[str, float] = OrderedDict()
        """Hash of the token -> when it was last looked at."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope) if scope["type"] == "http" else ""
        cookie = await run_in_threadpool(self._renew, token) if token and self._is_due(token) else ""
        if not cookie:
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if not any(header.startswith(f"{COOKIE}=") for header in headers.getlist("set-cookie")):
                    headers.append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, send_with_cookie)

    def _is_due(self, token: str) -> bool:
        key, now = hash_token(token), time.monotonic()
        if now - self._renewed_at.get(key, float("-inf")) < RENEW_EVERY_S:
            return False
        self._renewed_at[key] = now
        self._renewed_at.move_to_end(key)
        while len(self._renewed_at) > _MAX_REMEMBERED:
            self._renewed_at.popitem(last=False)
        return True

    def _renew(self, token: str) -> str:
        """The Set-Cookie header; "" when the session has ended, and while the database is away."""
        try:
            app = self.get_app()
            with app.db.transaction(Anonymous()) as tx:
                if accounts.renew_session(tx, token, days=app.settings.web.session_days):
                    return api.session_cookie(app.settings, token)
        except StudioError:
            self._renewed_at.pop(hash_token(token), None)
        return ""


def _token(scope: Scope) -> str:
    headers = Headers(scope=scope)
    if scope["path"].startswith("/api/") or "text/html" in headers.get("accept", ""):
        return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return ""
