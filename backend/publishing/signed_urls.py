"""Addresses under which a platform fetches one file of a post, without signing in, for a day and two hours.

The address is its own permission: workspace, file and end, sealed with the key ring. Nothing about the file can be guessed from
it and nothing in it can be changed; it is made when a post is being sent and told to nobody but the platform.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from backend.errors import Invalid, NotFound
from backend.kit.clock import now
from backend.kit.secrets import KeyRing
from backend.publishing.schemas import ALIVE_S
from backend.settings import Settings

PATH = "/api/handed"
_FOR, _ROW = "handed", "file"
_GONE = "There is nothing at this address. It was made for one post and has ended, or it is not whole."


def link(settings: Settings, *, tenant_id: str, asset_id: str, name: str, local: bool = False) -> str:
    """`name`: the last part, for platforms that go by a file's ending. US-ASCII (instagram.md, 2). `local`: on this machine."""
    until = int((now() + timedelta(seconds=ALIVE_S)).timestamp())
    sealed = _ring(settings).seal(json.dumps([tenant_id, asset_id, until]), tenant_id=_FOR, row_id=_ROW)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    base = f"http://{host}:{settings.port}" if local else settings.base_url
    return f"{base}{PATH}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}/{name}"


def opened(settings: Settings, token: str) -> tuple[str, str]:
    """(workspace, asset id). Raises NotFound."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        tenant_id, asset_id, until = json.loads(_ring(settings).open(sealed, tenant_id=_FOR, row_id=_ROW))
    except (Invalid, ValueError, binascii.Error) as error:
        raise NotFound(_GONE) from error
    if datetime.fromtimestamp(until, UTC) < now():
        raise NotFound(_GONE)
    return tenant_id, asset_id


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())
