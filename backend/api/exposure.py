"""What is said to whom outside the pages: refusing unknown names, and figures for those who may read them."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from backend.api import errors
from backend.kit.hosts import is_loopback
from backend.settings import Settings

METRICS = frozenset({"/metrics", "/_stcore/metrics"})
NO_METRICS = (
    "Set METRICS_TOKEN and send it as “Authorization: Bearer …”. Without that setting figures are read on the studio's own "
    "machine only."
)
_FORWARDED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}


def no_address() -> Response:
    return errors.answer(404, errors.SENTENCES[404])


def unknown_host(scope: Scope) -> Response:
    """Says which setting makes the name known."""
    host = Headers(scope=scope).get("host", "")
    shown = host if host and host.isascii() and host.isprintable() and len(host) <= 260 else ""
    message = f"The studio does not answer to the name “{shown}”." if shown else "The request names no host."
    if shown:
        message += (
            f" If it is yours: set PUBLIC_URL={scope['scheme']}://{shown} (where people reach the studio) or "
            f"ALLOWED_HOSTS={urlsplit(f'//{shown}').hostname} (one more name) in .env, and start the studio again."
        )
    if scope["path"].startswith("/api/"):
        return errors.answer(400, message, code="unknown_host")
    return PlainTextResponse(message, 400)


def may_read_metrics(scope: Scope, settings: Settings) -> bool:
    """By METRICS_TOKEN; without that setting for programs on this machine, unless a proxy stands in between."""
    headers = Headers(scope=scope)
    if token := settings.metrics_token.get_secret_value():
        return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    client = scope["client"][0] if scope.get("client") else ""
    public = urlsplit(settings.public_url).hostname or "localhost"
    return is_loopback(client) and is_loopback(public) and _FORWARDED.isdisjoint(headers.keys())
