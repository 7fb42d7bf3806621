"""Headers of every answer: nothing is guessed, framed or fetched from outside."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.settings import Settings


class Headers:
    """Plain ASGI, so that streams pass untouched. With `S3_PUBLIC_ENDPOINT` browsers may also talk to that origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        public = urlsplit(Settings().s3_public_endpoint)
        self.policy = policy(f"{public.scheme}://{public.netloc}" if public.netloc else "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "same-origin")
                headers.setdefault("content-security-policy", self.policy)
            await send(message)

        await self.app(scope, receive, answered)


def policy(storage: str) -> str:
    """Streamlit needs inline styles, evaluated chart code and blob modules; everything comes from here."""
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {storage}",
        "media-src": f"'self' data: blob: {storage}",
        "font-src": "'self' data:",
        "connect-src": f"'self' ws: wss: data: blob: {storage}",
        "worker-src": "'self' blob:",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
    }
    return "; ".join(f"{name} {value}".strip() for name, value in rules.items())
