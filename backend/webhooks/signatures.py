"""Signatures of Standard Webhooks 1.0.0 (docs/contracts/webhooks.md, 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from backend.settings import Settings

PREFIX = "whsec_"
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 43
"""Characters of 62: 256 bits."""


def new_secret() -> str:
    """`whsec_` and base64 of letters and digits. Programs whose HMAC takes its key as text (n8n) use the decoded text."""
    return PREFIX + base64.b64encode("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)).encode()).decode()


def secret_of(settings: Settings) -> str:
    """The operator's: WEBHOOK_SECRET, else one made from the first of SECRET_KEYS, which every installation has."""
    if secret := settings.webhooks.secret.get_secret_value():
        return secret
    newest = settings.secret_keys.get_secret_value().split(",")[0].strip()
    return PREFIX + base64.b64encode(hmac.new(base64.b64decode(newest), b"webhooks", hashlib.sha256).digest()).decode()


def signed_headers(keys: Sequence[str], message_id: str, body: str, at: datetime) -> dict[str, str]:
    """The headers of one try, signed with each of `keys`. `at`: time of this try, by which receivers refuse old messages."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in keys),
    }
