"""Answers to requests for unknown host names and addresses, and who may read metrics and the details of /health."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from backend.api import errors
from backend.kit.hosts import is_loopback
from backend.settings import Settings

METRICS_PATHS = frozenset({"/metrics", "/_stcore/metrics"})
METRICS_REFUSED = (
    "Set METRICS_TOKEN and send it as “Authorization: Bearer …”. Without that setting figures are read on the studio's own "
    "machine only."
)
_FORWARDING_HEADERS = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}


def not_found_response() -> Response:
    return errors.error_response(404, errors.STATUS_MESSAGES[404], code="not_found")


def unknown_host_response(scope: Scope) -> Response:
    """A 400 that names the setting with which the studio would answer to this host name."""
    host = Headers(scope=scope).get("host", "")
    shown_host = host if host and host.isascii() and host.isprintable() and len(host) <= 260 else ""
    message = f"The studio does not answer to the name “{shown_host}”." if shown_host else "The request names no host."
    if shown_host:
        message += (
            f" If it is yours: set PUBLIC_URL={scope['scheme']}://{shown_host} (where people reach the studio) or "
            f"ALLOWED_HOSTS={urlsplit(f'//{shown_host}').hostname} (one more name) in .env, and start the studio again."
        )
    if scope["path"].startswith("/api/"):
        return errors.error_response(400, message, code="unknown_host")
    return PlainTextResponse(message, 400)


def may_read_details(scope: Scope, settings: Settings) -> bool:
    """Whether the request has METRICS_TOKEN or, without that setting, comes from this machine and through no proxy."""
    headers = Headers(scope=scope)
    if token := settings.web.metrics_token.get_secret_value():
        return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    client = scope["client"][0] if scope.get("client") else ""
    public = urlsplit(settings.web.public_url).hostname or "localhost"
    return is_loopback(client) and is_loopback(public) and _FORWARDING_HEADERS.isdisjoint(headers.keys())
