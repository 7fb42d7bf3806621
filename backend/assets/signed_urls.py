"""Addresses under which one file can be fetched for a while without signing in: by platforms, and by programs without a cookie.

Where the storage is public they are its own, presigned. Else the studio hands the file out: the token in the address holds
workspace, asset and end of validity, encrypted and authenticated with the key ring, so it can neither be read nor changed.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.assets.schemas import AssetCard
from backend.errors import Invalid, NotFound
from backend.kit.clock import now
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy
from backend.settings import Settings
from backend.storage import Storage

SIGNED_PATH = "/api/handed"
LINK_S = 3600
_FOR, _ROW = "handed", "file"
_GONE = tr_lazy("There is nothing at this address. It was made for one file and has ended, or it is not whole.")


@dataclass(frozen=True, slots=True)
class TemporaryLink:
    url: str
    expires_at: datetime


def temporary_link(storage: Storage, settings: Settings, *, tenant_id: str, card: AssetCard) -> TemporaryLink:
    """An address of the file for LINK_S seconds: the storage's own if that is public, else the studio's."""
    expires_at = now() + timedelta(seconds=LINK_S)
    url = storage.presign_get(card.key, expires=LINK_S)
    return TemporaryLink(url or signed_url(settings, tenant_id=tenant_id, card=card, seconds=LINK_S), expires_at)


def signed_url(settings: Settings, *, tenant_id: str, card: AssetCard, seconds: float, local: bool = False) -> str:
    """The studio's address of the file for so many seconds. It ends in a name with the file's extension, for platforms that
    look at that; US-ASCII (docs/contracts/instagram.md, 2). `local`: for a platform on this machine."""
    expires_at = int((now() + timedelta(seconds=seconds)).timestamp())
    sealed = _ring(settings).seal(json.dumps([tenant_id, card.id, expires_at]), tenant_id=_FOR, row_id=_ROW)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    base = f"http://{host}:{settings.web.port}" if local else settings.web.base_url
    name = f"{card.id}{mimetypes.guess_extension(card.content_type) or ''}"
    return f"{base}{SIGNED_PATH}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}/{name}"


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
