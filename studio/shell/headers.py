"""Headers of every answer: nothing is guessed, framed or fetched from outside, and what is private is not kept."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers as Asked
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.settings import Settings

HSTS = "max-age=31536000"


class Headers:
    """Plain ASGI, so that streams pass untouched. With `S3_PUBLIC_ENDPOINT` browsers may also talk to that origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        settings = Settings()
        public = urlsplit(settings.s3_public_endpoint)
        self.storage = f"{public.scheme}://{public.netloc}" if public.netloc else ""
        self.hosts = settings.hosts
        self.own = urlsplit(settings.public_url).netloc
        self.https = settings.public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "same-origin")
                headers.setdefault("content-security-policy", self._policy(scope))
                if self.https:
                    headers.setdefault("strict-transport-security", HSTS)
                if headers.get("content-type", "").startswith("application/json"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, answered)

    def _policy(self, scope: Scope) -> str:
        host = Asked(scope=scope).get("host", "")
        return policy(self.storage, frozenset({host if self.hosts.known(host) else "", self.own} - {""}))


@lru_cache(maxsize=64)
def policy(storage: str, own: frozenset[str] = frozenset()) -> str:
    """Streamlit needs inline styles, evaluated chart code and blob modules; everything comes from here.

    `own`: host and port of our own pages, for their WebSocket: not every browser counts it as 'self'.
    """
    sockets = " ".join(f"{scheme}://{host}" for host in sorted(own) for scheme in ("ws", "wss"))
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {storage}",
        "media-src": f"'self' data: blob: {storage}",
        "font-src": "'self' data:",
        "connect-src": f"'self' {sockets} data: blob: {storage}",
        "worker-src": "'self' blob:",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
    }
    return "; ".join(" ".join(f"{name} {value}".split()) for name, value in rules.items())
