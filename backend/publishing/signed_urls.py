"""Signed URLs under which a platform fetches one file of a post without signing in, for 26 hours.

The token in the URL holds workspace, asset and end of validity, encrypted and authenticated with the key ring, so it can
neither be read nor changed. It is made when a post is being sent and given to the platform only.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from backend.errors import Invalid, NotFound
from backend.kit.clock import now
from backend.kit.secrets import KeyRing
from backend.publishing.schemas import URL_TTL_S
from backend.settings import Settings

PATH = "/api/handed"
_FOR, _ROW = "handed", "file"
_GONE = "There is nothing at this address. It was made for one post and has ended, or it is not whole."


def link(settings: Settings, *, tenant_id: str, asset_id: str, name: str, local: bool = False) -> str:
    """The URL. `name`: its last part, for platforms that look at the file extension; US-ASCII (docs/contracts/instagram.md, 2).

    `local`: for a platform on this machine.
    """
    expires_at = int((now() + timedelta(seconds=URL_TTL_S)).timestamp())
    sealed = _ring(settings).seal(json.dumps([tenant_id, asset_id, expires_at]), tenant_id=_FOR, row_id=_ROW)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    base = f"http://{host}:{settings.web.port}" if local else settings.web.base_url
    return f"{base}{PATH}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}/{name}"


def open_token(settings: Settings, token: str) -> tuple[str, str]:
    """(workspace id, asset id) of a token. Raises NotFound: expired or invalid."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        tenant_id, asset_id, expires_at = json.loads(_ring(settings).open(sealed, tenant_id=_FOR, row_id=_ROW))
    except (Invalid, ValueError, binascii.Error) as error:
        raise NotFound(_GONE) from error
    if datetime.fromtimestamp(expires_at, UTC) < now():
        raise NotFound(_GONE)
    return tenant_id, asset_id


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())
