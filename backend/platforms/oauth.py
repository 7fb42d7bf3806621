"""What the connectors share: errors of token endpoints, PKCE, URLs. Each platform's is in its folder's `oauth.py`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlencode

from backend.language import tr_lazy
from backend.platforms.common import translate_transport_errors
from backend.platforms.errors import TokenRefused, Transient
from backend.platforms.http_base import PlatformApiError
from backend.platforms.oauth_port import Connector
from backend.platforms.registry import PLATFORMS
from backend.settings import Settings


def connector(name: str, settings: Settings) -> Connector:
    """The connector of a platform. Raises KeyError for an unknown name."""
    return PLATFORMS[name].create_connector(settings)


@contextmanager
def translate_token_errors(label: str) -> Generator[None, None, None]:
    """Turns errors of token endpoints into TokenRefused (connect again); server faults and rate limits into Transient."""
    with translate_transport_errors(label):
        try:
            yield
        except PlatformApiError as error:
            if error.http_status >= 500 or error.http_status == 429:
                raise Transient(
                    tr_lazy("{label} cannot renew the connection right now. It is tried again.", label=label)
                ) from error
            message = tr_lazy("{label} did not accept the connection. Connect the account again.", label=label)
            raise TokenRefused(message, detail=str(error)[:300]) from error


def missing_settings(what: str, **settings_by_name: str) -> str:
    """A sentence about those settings (environment name -> value) that are empty; "": none is."""
    unset = [name for name, value in settings_by_name.items() if not value]
    return tr_lazy("Set {names} of your {app}, then restart the studio.", names=", ".join(unset), app=what) if unset else ""


def with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def pkce_challenge(verifier: str) -> str:
    """PKCE's S256 challenge for a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
