"""Security headers of every answer: no content sniffing, framing or foreign sources, and private JSON is not cached."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers as Asked
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.settings import Settings

HSTS = "max-age=31536000"


class SecurityHeaders:
    """Plain ASGI, so that streams are not buffered. With `S3_PUBLIC_ENDPOINT` browsers may also talk to that origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        settings = Settings.read()
        public_endpoint = urlsplit(settings.storage.public_endpoint)
        self.storage_origin = f"{public_endpoint.scheme}://{public_endpoint.netloc}" if public_endpoint.netloc else ""
        self.hosts = settings.web.hosts
        self.own_host = urlsplit(settings.web.public_url).netloc
        self.https = settings.web.public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
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

        await self.app(scope, receive, send_with_headers)

    def _policy(self, scope: Scope) -> str:
        host = Asked(scope=scope).get("host", "")
        return content_security_policy(
            self.storage_origin, frozenset({host if self.hosts.includes(host) else "", self.own_host} - {""})
        )


@lru_cache(maxsize=64)
def content_security_policy(storage: str, own_hosts: frozenset[str] = frozenset()) -> str:
    """Everything comes from our own origin. Streamlit needs inline styles, eval (charts) and blob modules (components).

    `storage`: origin of public storage, or "". `own_hosts`: host and port of our own pages, for their WebSocket: not every
    browser counts it as 'self'.
    """
    sockets = " ".join(f"{scheme}://{host}" for host in sorted(own_hosts) for scheme in ("ws", "wss"))
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
