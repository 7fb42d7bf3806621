"""Recognises browsers in which a person has signed in before. Failed attempts from such a browser are counted apart, so that
somebody who only knows an e-mail address cannot lock its owner out."""

from __future__ import annotations

import base64
import binascii

from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.kit.secrets import KeyRing
from backend.settings import Settings

DAYS = 365
_BOUND_TO = "device"


def remember(settings: Settings, user_id: str) -> str:
    """The value of a cookie that identifies this browser when the same person signs in again."""
    sealed = _ring(settings).seal(new_id("dev"), tenant_id=_BOUND_TO, row_id=user_id)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def recognise(settings: Settings, cookie: str, user_id: str) -> str:
    """The browser's id; "" for a cookie that is empty, broken or was made for another person."""
    if not cookie or not user_id:
        return ""
    try:
        sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        return _ring(settings).open(sealed, tenant_id=_BOUND_TO, row_id=user_id)
    except (Invalid, binascii.Error, ValueError):
        return ""


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())
